"""Runs after boot.py, unless somebody holds the console."""

from devcred import agent

agent.main()
