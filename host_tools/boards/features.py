"""What of the agent a board carries: features by name, from its board.json or a command's option."""

from collections.abc import Iterable

from devcred.nearest import nearest
from host_tools.boards.agent_sources import LINES, sources, switches
from host_tools.errors import UsageError

# Stands for all of the agent's features, and for none.
WHOLE, CONNECT = "whole", "connect"
# A feature that makes no sense without another brings it along.
_NEEDS = {"app": ("outbox",), "commands": ("outbox",), "renewal": ("outbox", "token")}


def all_features() -> list[str]:
    """The agent's, in the order of `firmware/devcred/features.py`, and `lines`."""
    return [*switches(sources()), LINES]


def chosen(names: Iterable[str], where: str) -> list[str]:
    """The features that `names` stand for, with those that they need; UsageError for an unknown one."""
    known_ones = all_features()
    wanted: set[str] = set()
    for name in names:
        if name == WHOLE:
            wanted.update(switches(sources()))
        elif name in known_ones:
            wanted |= {name, *_NEEDS.get(name, ())}
        elif name != CONNECT:
            raise _unknown(name, known_ones, where)
    return [name for name in known_ones if name in wanted]


def _unknown(name: str, known_ones: list[str], where: str) -> UsageError:
    near = nearest(name, [*known_ones, WHOLE, CONNECT])
    return UsageError(
        f"no feature {name!r}" + (f", did you mean {near}?" if near else ""),
        where=where,
        do=f"known: {', '.join(known_ones)}; {WHOLE} for all, {CONNECT} for none of them",
    )
