# Firmware of one's own for this board: what the port freezes, and the agent.
include("$(PORT_DIR)/boards/manifest.py")
include("../../manifest.py")
