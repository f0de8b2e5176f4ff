"""A fleet in Token mode through a day, by the shipped policies of device and token server."""
