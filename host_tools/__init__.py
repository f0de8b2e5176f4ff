"""The command `devcred` and what it is made of."""
