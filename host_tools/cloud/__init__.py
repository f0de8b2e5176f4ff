"""The control plane of ApsaraMQ for MQTT, through Alibaba Cloud's SDK; nothing else here imports it.

The SDK takes most of a second to import, so each module asks for it when a call is made.
"""
