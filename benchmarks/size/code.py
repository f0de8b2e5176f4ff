"""Bytes of bytecode: each module by itself, and the agent as it is delivered, by set of features."""

from collections.abc import Collection, Mapping
from pathlib import Path

from host_tools import paths
from host_tools.boards import agent_sources
from host_tools.boards.features import CONNECT, chosen
from host_tools.boards.mpy import compile_file

# Each set is the one before and more; the first is to sign, to be online and to stay so.
SETS: Mapping[str, tuple[str, ...]] = {
    "connect": (CONNECT,),
    "+ outbox": ("outbox",),
    "+ token": ("outbox", "token"),
    "+ renewal": ("outbox", "renewal"),
    "whole": ("whole",),
    "whole, lines": ("whole", "lines"),
}


def modules(firmware: Path = paths.FIRMWARE) -> dict[str, int]:
    """Each module compiled alone, with its own names: what `mip` and `--readable` install."""
    files = agent_sources.module_files(firmware)
    return {source.name: len(compile_file(source, f"devcred/{source.name}")) for source in files}


def sets(firmware: Path = paths.FIRMWARE) -> dict[str, int]:
    """The one file that a board gets, by set."""
    return {name: set_bytes(features, firmware) for name, features in SETS.items()}


def set_bytes(features: Collection[str], firmware: Path = paths.FIRMWARE) -> int:
    """The one file with those features."""
    return len(agent_sources.small(chosen(features, "size"), firmware)[0])
