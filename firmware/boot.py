"""Runs at every start, before main.py. What could fail belongs where the agent can report it."""
