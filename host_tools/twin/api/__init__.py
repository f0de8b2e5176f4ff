"""The control plane half: signed requests of the official SDK, answered over the same state."""
