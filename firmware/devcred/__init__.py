"""The devcred agent: a device's way onto ApsaraMQ for MQTT."""

__version__ = "0.1.0"
