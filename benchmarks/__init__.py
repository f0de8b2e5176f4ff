"""`make bench`: the twin beside other brokers, and the agent beside the ways it replaces, in one run."""
