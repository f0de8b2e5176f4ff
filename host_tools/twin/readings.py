"""How a behaviour of the twin is described: what it does, how sure that is, and what else it could do.

A behaviour is *documented* (a page of the service or its SDK says so), *observed* (in the SDK's requests,
in users' reports, in the open-source relative of the broker), or *assumed* (nobody says). Where the service
leaves a point open, the behaviour is a field of `Settings` and carries the other readings.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from devcred.nearest import nearest
from host_tools.errors import UsageError

Tag = Literal["documented", "observed", "assumed"]
KEY = "behaviour"
_WHERE = "twin settings"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour; `setting` and `default` are empty where there is nothing to choose."""

    text: str
    tag: Tag
    source: str
    setting: str = ""
    default: Any = None
    others: tuple[Any, ...] = ()

    @property
    def readings(self) -> tuple[Any, ...]:
        """Every value of the setting, the default first; empty where it is an amount."""
        return (self.default, *self.others) if self.others else ()


def choice(default: Any, *others: Any, text: str, tag: Tag, source: str) -> Any:
    """A dataclass field whose value is `default` or one of `others`."""
    return field(default=default, metadata={KEY: (text, tag, source, others)})


def amount(default: Any, *, text: str, tag: Tag, source: str) -> Any:
    """A dataclass field that takes any number from 0."""
    return field(default=default, metadata={KEY: (text, tag, source, ())})


def free_text(default: str, *, text: str, tag: Tag, source: str) -> Any:
    """A dataclass field that takes any text; whoever reads it checks it."""
    return field(default=default, metadata={KEY: (text, tag, source, ())})


def of_settings(kind: type[Any]) -> list[Behaviour]:
    """The behaviours that the fields of a settings class stand for."""
    found = []
    for item in fields(kind):
        text, tag, source, others = item.metadata[KEY]
        found.append(Behaviour(text, tag, source, item.name, item.default, others))
    return found


def check(settings: Any) -> None:
    """Raise UsageError for a value that is none of a setting's readings, or no number from 0."""
    for behaviour in of_settings(type(settings)):
        value = getattr(settings, behaviour.setting)
        if behaviour.readings:
            if not any(_same(value, each) for each in behaviour.readings):
                raise _wrong(behaviour, value)
        elif isinstance(behaviour.default, (int, float)) and not _is_amount(value):
            raise _wrong(behaviour, value)


def parse(kind: type[Any], texts: Iterable[str]) -> dict[str, Any]:
    """The fields that `NAME=VALUE` texts name, each value of its field's type. Raises UsageError."""
    known = {behaviour.setting: behaviour for behaviour in of_settings(kind)}
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text!r} does not read NAME=VALUE", where=_WHERE)
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near}?" if near else "--list-behaviours shows them"
            raise UsageError(f"there is no setting {name!r}", where=_WHERE, do=hint)
        found[name] = _read(known[name], value)
    return found


def _read(behaviour: Behaviour, text: str) -> Any:
    for reading in behaviour.readings:
        if text.lower() == str(reading).lower():
            return reading
    if behaviour.readings:
        raise _wrong(behaviour, text)
    if isinstance(behaviour.default, str):
        return text
    try:
        value = type(behaviour.default)(text)
    except ValueError:
        raise _wrong(behaviour, text) from None
    if not _is_amount(value):
        raise _wrong(behaviour, text)
    return value


def _same(one: Any, other: Any) -> bool:
    # True is 1 to Python; to a reader of settings it is not.
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _is_amount(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0


def _wrong(behaviour: Behaviour, value: Any) -> UsageError:
    if behaviour.readings:
        do = "use one of " + ", ".join(repr(each) for each in behaviour.readings)
    else:
        do = f"use a number from 0, such as {behaviour.default}"
    return UsageError(f"{behaviour.setting} cannot be {value!r}", where=_WHERE, do=do)
