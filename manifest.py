# Freezes the agent into a firmware of one's own; a board's own manifest includes this one.
metadata(description="Gets a device onto ApsaraMQ for MQTT and keeps it there.", version="0.1.0")
package("devcred", base_path="firmware")
