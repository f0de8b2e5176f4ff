"""Which faults there are: what may happen where, and which fields say how. All checks of a fault are here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from host_tools.errors import UsageError
from host_tools.twin.broker.filters import is_filter
from host_tools.twin.broker.packets import PacketType

LISTENERS = ("mqtt", "tls", "ws", "wss", "api", "proxy")
"""The twin's five, and the one of the proxy."""
CERTIFICATES = ("other-ca", "other-name", "expired", "not-yet-valid", "just-issued")


@dataclass(frozen=True, slots=True)
class Place:
    """A moment at which faults strike: the fields that choose among its events, and its actions."""

    match: tuple[str, ...]
    actions: Mapping[str, tuple[str, ...]]
    """What may happen: the fields that say how. One that ends in `!` must be given."""


_ENDS: dict[str, tuple[str, ...]] = {"reset": (), "close": (), "mute": ()}
_LINK = {**_ENDS, "hole": ("hold_s",), "drip": ("bytes_per_s!",)}
_STREAM = {
    **dict.fromkeys((*_ENDS, "half-close"), ("at_bytes", "direction")),
    "hole": ("hold_s", "at_bytes", "direction"),
    "drip": ("bytes_per_s!", "at_bytes", "direction"),
    "corrupt": ("at_bytes", "direction"),
    "delay": ("delay_ms!",),
}
_PACKET = {**_LINK, "drop": (), "delay": ("delay_ms!",), "say": ("data!",)}
_OUTGOING = {
    **_PACKET,
    "truncate": ("at_bytes", "then"),
    "split": ("at_bytes!", "delay_ms!"),
    "merge": ("delay_ms",),
    "double": (),
    "corrupt": ("at_bytes",),
    "garbage": ("size_bytes",),
    "replace": ("data!",),
    "kick": (),
}
_MATCH = ("client_id", "packet", "topic", "per")

PLACES: dict[str, Place] = {
    "listener": Place(("listener",), {"refuse": ("hold_s",)}),
    "accept": Place(("listener",), {**_STREAM, "refuse": ("how",)}),
    "hello": Place(("listener", "server_name"), {**_STREAM, "certificate": ("certificate!",)}),
    "connack": Place(("client_id", "per"), {**_OUTGOING, "code": ("code!",)}),
    "in": Place(_MATCH, {**_PACKET, "kick": ()}),
    "out": Place(_MATCH, _OUTGOING),
    "api": Place(
        ("operation", "client_id", "per"),
        {
            "delay": ("delay_ms!",),
            "late": ("delay_ms!",),
            "lost": (),
            "lost-before": (),
            "throttle": ("delay_ms",),
            "error": ("status", "error_code"),
            "garbage": ("size_bytes",),
            "slow": ("bytes_per_s!",),
        },
    ),
}

_WHEN = ("nth", "times", "probability", "lasts_s")
_CHOICES = {
    "where": tuple(PLACES),
    "listener": LISTENERS,
    "packet": tuple(kind.name for kind in PacketType if kind is not PacketType.CONNACK),
    "per": ("fault", "connection", "client"),
    "how": ("rst", "fin"),
    "then": ("close", "reset", "mute", "go-on"),
    "direction": ("out", "in", "both"),
    "certificate": CERTIFICATES,
}
# field: lowest, highest
_RANGES: dict[str, tuple[float, float]] = {
    "nth": (1, 1 << 31),
    "times": (0, 1 << 31),
    "probability": (0, 1),
    "lasts_s": (0, 1e9),
    "delay_ms": (0, 3_600_000),
    "hold_s": (0, 1e6),
    "at_bytes": (0, 1 << 28),
    "size_bytes": (1, 1 << 20),
    "bytes_per_s": (0.01, 1e9),
    "code": (0, 255),
    "status": (400, 599),
}


def check(fault: Any) -> None:
    """Raise UsageError, one line that names the field, for a fault that cannot be."""
    defaults = {item.name: item.default for item in fields(fault)}
    values = {name: getattr(fault, name) for name in defaults}
    for name, value in values.items():
        _check_type(name, value, str if name in ("where", "what") else type(defaults[name]))
        if value != defaults[name]:
            _check_value(name, value)
    place = PLACES[fault.where]
    if fault.what not in place.actions:
        raise _bad("what", f"{fault.what!r} does not happen at {fault.where}; {_one_of(place.actions)}")
    how = place.actions[fault.what]
    usable = {"where", "what", *_WHEN, *place.match, *(name.rstrip("!") for name in how)}
    given = {name for name, value in values.items() if value != defaults[name]}
    for name in sorted(given - usable):
        raise _bad(name, f"means nothing for {fault.where} {fault.what}")
    for name in how:
        if name.endswith("!") and name[:-1] not in given:
            raise _bad(name[:-1], f"must be given for {fault.where} {fault.what}")


def _check_value(name: str, value: Any) -> None:
    if name in _CHOICES and value not in _CHOICES[name]:
        raise _bad(name, f"cannot be {value!r}; {_one_of(_CHOICES[name])}")
    if name in _RANGES and not _RANGES[name][0] <= value <= _RANGES[name][1]:
        raise _bad(name, "must be from {:g} to {:g}".format(*_RANGES[name]))
    if name == "topic" and not is_filter(value):
        raise _bad(name, "is no topic filter")
    if name == "data":
        _check_hex(value)


def _check_type(name: str, value: Any, kind: type) -> None:
    if kind is int or kind is float:
        good = isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool)
        if not good:
            raise _bad(name, f"must be a {'whole ' if kind is int else ''}number")
    elif not isinstance(value, str):
        raise _bad(name, "must be a text")


def _check_hex(value: str) -> None:
    try:
        bytes.fromhex(value)
    except ValueError:
        raise _bad("data", "must be bytes in hex") from None


def _one_of(values: Any) -> str:
    return "use one of " + ", ".join(sorted(values))


def _bad(name: str, why: str) -> UsageError:
    return UsageError(why, where=name)
