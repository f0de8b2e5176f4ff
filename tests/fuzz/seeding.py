"""Seeds that can be had again, how much is to be tried, and what a long run may not do: grow."""

import gc
import os
import random
import sys
from pathlib import Path

import pytest


def source(salt: str) -> random.Random:
    """Random numbers from DEVCRED_SEED, or from a new seed; printed, so that a failure can be had again.

    `salt` keeps two tests with one seed apart.
    """
    chosen = int(os.environ.get("DEVCRED_SEED") or random.SystemRandom().randrange(1 << 32))
    say(f"repeat with DEVCRED_SEED={chosen}")
    return random.Random(f"{chosen} {salt}")


def say(text: str) -> None:
    """A line for whoever runs with `-s`, or sees the test fail."""
    sys.stdout.write(text + "\n")


def count(name: str, default: int) -> int:
    """How many; the environment variable `name` asks for more, or fewer."""
    return int(os.environ.get(name) or default)


def resident_mb() -> float:
    """Resident memory of this process after a collection, MiB."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        pytest.skip("memory can be read on Linux alone")
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
