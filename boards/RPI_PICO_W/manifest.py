# Firmware of one's own for this board: what MicroPython freezes for it, the MQTT client, and the agent.
include("$(BOARD_DIR)/manifest.py")
require("umqtt.simple")
include("../../manifest.py")
