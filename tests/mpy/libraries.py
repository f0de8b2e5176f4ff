"""Libraries of the device that its tests need, fetched once by name and checksum."""

from functools import cache
from pathlib import Path

from host_tools.sources import fetch_sources


@cache
def folders() -> tuple[Path, ...]:
    """What to put on MicroPython's path: the folders of unittest and of umqtt."""
    return tuple(fetch_sources().values())
