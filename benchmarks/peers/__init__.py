"""The brokers that are measured, each with the same accounts and one way to start it."""
