"""The switchboard: each fault as the twin plays it, what the device must call it, and its bound."""

from dataclasses import dataclass
from typing import Any

# Milliseconds of the device's own deadline in these tests (connect_timeout_ms).
DEADLINE_MS = 1500
KEEPALIVE_S = 10


@dataclass(frozen=True)
class Row:
    """`faults`: what the twin is told, before the board is on or once it is online.

    `causes`: what the device may call it; none if it must not notice. `bound_s`: within so long
    of the fault the device is back in service: its deadline, its back-off (at most a second here,
    or `refused_retry_ms` and a half of it for slow causes), and a login.
    """

    name: str
    faults: tuple[dict[str, Any], ...]
    causes: tuple[str, ...] = ()
    online: bool = False
    bound_s: float = 6.0


def at(where: str, what: str, **how: Any) -> dict[str, Any]:
    """One fault."""
    return {"where": where, "what": what, **how}


_SILENT = ("tls", "link-lost", "no-server")
CUT_CAUSES = ("closed", "tls", "no-server", "link-lost")
# Half an answer, then the end: MicroPython's TLS tells of an end only once, and that to the read
# that took the half, so the rest of it meets the deadline instead.
_UNSURE = ("closed", "link-lost")
_LISTENER = {"listener": "tls"}

ROWS = (
    Row("refuse-rst", (at("accept", "refuse", how="rst", **_LISTENER),), CUT_CAUSES),
    Row("refuse-fin", (at("accept", "refuse", how="fin", **_LISTENER),), CUT_CAUSES),
    Row("accept-then-mute", (at("accept", "mute", **_LISTENER),), _SILENT),
    Row("accept-late", (at("accept", "delay", delay_ms=300, **_LISTENER),)),
    Row("drip-1-byte-a-second", (at("accept", "drip", bytes_per_s=1, **_LISTENER),), _SILENT),
    Row("reset-after-hello", (at("hello", "reset", **_LISTENER),), CUT_CAUSES),
    Row("mute-after-hello", (at("hello", "mute", **_LISTENER),), _SILENT),
    Row("reset-in-handshake", (at("hello", "reset", at_bytes=400, **_LISTENER),), CUT_CAUSES),
    Row("half-open-in-handshake", (at("hello", "hole", hold_s=0, at_bytes=100, **_LISTENER),), _SILENT),
    Row(
        "corrupt-handshake",
        (at("hello", "corrupt", at_bytes=200, **_LISTENER),),
        ("tls", "tls-ca", *CUT_CAUSES),
    ),
    Row("other-ca", (at("hello", "certificate", certificate="other-ca", **_LISTENER),), ("tls-ca",)),
    Row("other-name", (at("hello", "certificate", certificate="other-name", **_LISTENER),), ("tls-name",)),
    Row("expired", (at("hello", "certificate", certificate="expired", **_LISTENER),), ("tls-time",)),
    Row("not-yet", (at("hello", "certificate", certificate="not-yet-valid", **_LISTENER),), ("tls-time",)),
    Row("just-issued", (at("hello", "certificate", certificate="just-issued", **_LISTENER),)),
    Row("connack-late", (at("connack", "delay", delay_ms=400),)),
    Row("connack-never", (at("connack", "drop"),), ("link-lost",)),
    Row("connack-1", (at("connack", "code", code=1),), ("protocol",)),
    Row("connack-2", (at("connack", "code", code=2),), ("bad-client-id",)),
    Row("connack-3", (at("connack", "code", code=3),), ("server-busy",)),
    Row("connack-4", (at("connack", "code", code=4),), ("refused",)),
    Row("connack-5", (at("connack", "code", code=5),), ("refused",)),
    Row("connack-77", (at("connack", "code", code=77),), ("protocol",)),
    Row("connack-half", (at("connack", "truncate", at_bytes=2),), CUT_CAUSES),
    Row("connack-by-byte", (at("connack", "split", at_bytes=1, delay_ms=100),)),
    Row("connack-garbage", (at("connack", "garbage", size_bytes=16),), ("protocol", "closed", "link-lost")),
    Row("puback-late", (at("out", "delay", packet="PUBACK", delay_ms=400),)),
    Row("puback-lost", (at("out", "drop", packet="PUBACK"),), ("link-lost",)),
    Row("puback-twice", (at("out", "double", packet="PUBACK"),)),
    Row("puback-merged", (at("out", "merge", packet="PUBACK", delay_ms=200),)),
    Row("puback-half", (at("out", "truncate", packet="PUBACK", at_bytes=3),), _UNSURE),
    Row("puback-by-byte", (at("out", "split", packet="PUBACK", at_bytes=1, delay_ms=100),)),
    Row("puback-corrupt", (at("out", "corrupt", packet="PUBACK", at_bytes=1),), ("link-lost", "protocol")),
    Row("close-at-publish", (at("in", "close", packet="PUBLISH"),), ("closed",)),
    Row("reset-at-publish", (at("in", "reset", packet="PUBLISH"),), ("closed",)),
    Row("close-at-subscribe", (at("in", "close", packet="SUBSCRIBE"),), ("closed",)),
    Row("suback-lost", (at("out", "drop", packet="SUBACK"),), ("link-lost",)),
    Row("oversize", (at("connack", "say", data="30ffffff7f"),), ("protocol", "closed")),
    Row("pingresp-lost", (at("out", "drop", packet="PINGRESP"),), ("link-lost",), bound_s=20.0),
    Row("kick", (at("out", "kick", packet="PINGRESP"),), ("closed",), bound_s=15.0),
    Row("hole", (at("in", "hole", packet="PINGREQ", hold_s=0),), ("link-lost",), bound_s=20.0),
)
