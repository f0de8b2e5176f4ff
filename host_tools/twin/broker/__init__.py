"""The broker half: an MQTT 3.1.1 codec without I/O, and a server on asyncio over it."""
