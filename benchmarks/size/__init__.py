"""What the agent costs a board: bytes of code, heap, and instructions from power-on to CONNECT."""
