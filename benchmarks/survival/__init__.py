"""Who survives what: our link and other MicroPython clients, on the same VM, under the same faults."""
