"""The faults of the comparison, as the twin plays them, and how long a client has to get over each."""

from dataclasses import dataclass
from typing import Any

COUNT = 8
INTERVAL_MS = 250
KEEPALIVE_S = 60
BOUND_S = 40.0
"""After the script's start. The slowest shipped timing among the clients, four times 5 s, and a
first back-off of up to 16 s, fit into it."""
_THIRD = {"packet": "PUBLISH", "nth": 3}


@dataclass(frozen=True)
class Row:
    """One fault. `pause_ms` is a silence before the fourth number, in which only pings go."""

    name: str
    faults: tuple[dict[str, Any], ...]
    keepalive_s: int = KEEPALIVE_S
    pause_ms: int = INTERVAL_MS
    interval_ms: int = INTERVAL_MS
    told: bool = False
    """The question is not what arrives but whether the client says what is wrong."""


def _at(where: str, what: str, **how: Any) -> tuple[dict[str, Any], ...]:
    return ({"where": where, "what": what, **how},)


def _after_ack(then: str) -> tuple[dict[str, Any], ...]:
    # All four bytes of the PUBACK pass.
    return _at("out", "truncate", packet="PUBACK", nth=3, at_bytes=4, then=then)


FAULTLESS = Row("no fault", ())
FAST = Row("no fault, quickly", (), pause_ms=20, interval_ms=20)
RECOVERY = Row("closed after an acknowledgement", _after_ack("close"))
ROWS = (
    Row("first connection refused", _at("accept", "refuse", how="rst")),
    Row("accepted, then mute", _at("accept", "mute")),
    Row("CONNACK lost", _at("connack", "drop")),
    Row("CONNACK 5, for good", _at("connack", "code", code=5, times=0), told=True),
    Row("PUBACK lost", _at("out", "drop", packet="PUBACK", nth=3)),
    Row("PUBACK 3 s late", _at("out", "delay", packet="PUBACK", nth=3, delay_ms=3000)),
    Row("half a PUBACK, then mute", _at("out", "truncate", packet="PUBACK", nth=3, at_bytes=2, then="mute")),
    RECOVERY,
    Row("reset after an acknowledgement", _after_ack("reset")),
    Row("closed at a publish", _at("in", "close", **_THIRD)),
    Row("reset at a publish", _at("in", "reset", **_THIRD)),
    Row("black hole for 3 s", _at("in", "hole", hold_s=3, **_THIRD)),
    Row("link dead for good", _at("in", "hole", hold_s=0, **_THIRD)),
    Row("256 MB announced", _at("in", "say", data="30ffffff7f", **_THIRD)),
    Row("stray PUBACK", _at("in", "say", data="40027777", **_THIRD)),
    Row("PINGRESP lost", _at("out", "drop", packet="PINGRESP"), keepalive_s=4, pause_ms=5500),
    Row("link dead at a ping", _at("in", "hole", packet="PINGREQ", hold_s=0), keepalive_s=4, pause_ms=5500),
)
