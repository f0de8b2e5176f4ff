"""What a kept state holds, read with suspicion: it lies in a file that anybody may have changed."""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

from host_tools.errors import MachineError, UsageError
from host_tools.twin.store import Store

_Made = TypeVar("_Made")


def read(store: Store, kind: str, make: Callable[[Any], _Made]) -> dict[str, _Made]:
    """Each row of a kind by its key, as `make` makes it. MachineError for one that cannot be read."""
    found = {}
    for key, value in store.rows(kind):
        try:
            found[key] = make(json.loads(value))
        except (ValueError, TypeError, KeyError, AttributeError, UsageError):
            raise MachineError(
                f"the state in {store.place} holds a {kind} that cannot be read",
                where="twin",
                do=f"`devcred twin reset --state {store.place}` starts afresh",
            ) from None
    return found


def record(kind: type[_Made]) -> Callable[[Any], _Made]:
    """A `make` for a dataclass whose rows are its fields; TypeError for a text or number that is none."""

    checked = [
        (item.name, item.default, item.type)
        for item in fields(kind)  # type: ignore[arg-type]
        if item.type in (str, int)
    ]

    def make(row: Any) -> _Made:
        for name, default, wanted in checked:
            if not isinstance(row.get(name, default), wanted):
                raise TypeError(name)
        return kind(**row)

    return make


def text(row: Any) -> str:
    """A `make` for rows that are one text."""
    if not isinstance(row, str):
        raise TypeError(type(row).__name__)
    return row
