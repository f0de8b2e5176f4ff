"""The provisioning bench: from a board that has firmware to a device that can connect."""
