"""What the agent's retry policy does to a service: measured on a fleet, and modelled for a larger one."""
