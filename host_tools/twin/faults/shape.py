"""What a fault does to the bytes of one packet on their way out; the same for the twin and for the proxy."""

from collections.abc import Callable
from typing import Protocol

from host_tools.twin.faults.book import Decision
from host_tools.twin.faults.wire import Wire

_JOIN_MS = 1000.0


class Ends(Protocol):
    """The connection that the fault strikes, as far as it can be ended."""

    def reset(self) -> None: ...
    def close(self) -> None: ...
    def mute(self) -> None: ...
    def kick(self) -> None: ...


def end(what: str, ends: Ends) -> None:
    """End a connection by one of the actions `reset`, `close`, `mute` and `kick`."""
    {"reset": ends.reset, "close": ends.close, "mute": ends.mute, "kick": ends.kick}[what]()


def send(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    """Write `data`, a whole packet, as the fault would have it."""
    _WAYS.get(decision.fault.what, _end)(decision, data, wire, ends)


def _end(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    end(decision.fault.what, ends)


def _drop(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    pass  # that is all


def _delay(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.later(data, decision.fault.delay_ms)


def _double(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.write(data + data)


def _merge(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.join(data, decision.fault.delay_ms or _JOIN_MS)


def _split(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    at = decision.fault.at_bytes
    wire.write(data[:at])
    wire.stop_sending(decision.fault.delay_ms / 1000)
    wire.write(data[at:])


def _truncate(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.write(data[: decision.fault.at_bytes])
    if decision.fault.then != "go-on":
        end(decision.fault.then, ends)


def _corrupt(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.write(flipped(data, min(decision.fault.at_bytes, len(data) - 1)))


def _garbage(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.write(decision.chance.randbytes(decision.fault.size_bytes))


def _replace(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.write(bytes.fromhex(decision.fault.data))


def _say(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.write(bytes.fromhex(decision.fault.data) + data)


def _drip(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.drip(decision.fault.bytes_per_s)
    wire.write(data)


def _code(decision: Decision, data: bytes, wire: Wire, ends: Ends) -> None:
    wire.write(bytes((0x20, 2, 0, decision.fault.code)))
    if decision.fault.code:
        ends.close()


def flipped(data: bytes, at: int) -> bytes:
    """`data` with every bit of one byte turned."""
    return data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :]


_WAYS: dict[str, Callable[[Decision, bytes, Wire, Ends], None]] = {
    "drop": _drop,
    "delay": _delay,
    "double": _double,
    "merge": _merge,
    "split": _split,
    "truncate": _truncate,
    "corrupt": _corrupt,
    "garbage": _garbage,
    "replace": _replace,
    "say": _say,
    "drip": _drip,
    "code": _code,
}
"""`hole` is the caller's: it has two sides."""
