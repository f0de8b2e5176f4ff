"""The user's own module on the device; the agent takes from it what is there."""
