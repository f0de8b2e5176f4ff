"""One direction of a link: what its bytes meet on the way."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.twin.broker.packets import Connack, Connect, Packet
from host_tools.twin.faults.book import Decision
from host_tools.twin.faults.frames import Frames
from host_tools.twin.faults.holding import hold, hole
from host_tools.twin.faults.packets import event_of
from host_tools.twin.faults.shape import end, flipped, send
from host_tools.twin.faults.wire import Wire

if TYPE_CHECKING:
    from host_tools.twin.faults.link import Link

_END = frozenset({"reset", "close", "mute", "kick"})


def meter(wire: Wire, at_bytes: int, strike: Callable[[bytes], None], *, needs_next: bool) -> None:
    """Let `at_bytes` through, then call `strike` with the bytes that were to follow.

    With `needs_next` it waits until there is such a byte.
    """
    left = at_bytes

    def tap(data: bytes) -> None:
        nonlocal left
        passed, rest = data[:left], data[left:]
        left -= len(passed)
        wire.put(passed)
        if rest or not (left or needs_next):
            wire.tap = None
            strike(rest)

    wire.tap = tap


class Flow:
    """`name` is "in" or "out", the latter towards the device. `strike` is a fault of the whole connection."""

    def __init__(self, link: "Link", name: str, strike: Decision | None, *, aware: bool) -> None:
        self._link = link
        self._name = name
        self._strike = strike
        self._frames = Frames() if aware else None

    def start(self) -> None:
        """Both ends are there: a fault that waits for no byte strikes, any other waits for its byte."""
        if self._strike is None:
            return
        fault = self._strike.fault
        if fault.at_bytes or fault.what == "corrupt":
            meter(self._wire(), fault.at_bytes, self._struck, needs_next=fault.what == "corrupt")
        else:
            self._struck(b"")

    def take(self, data: bytes) -> None:
        """Bytes came; send on what is left of them."""
        if self._link.muted:
            return
        if self._frames is None:
            self._wire().write(data)
            return
        for whole, packet in self._frames.feed(data):
            if not self._link.muted:
                self._meet(whole, packet)

    def _struck(self, rest: bytes) -> None:
        """`rest` is what was to go out next."""
        decision, wire = self._strike, self._wire()
        assert decision is not None
        fault = decision.fault
        if fault.what == "half-close":
            wire.end_here()
            return
        if fault.what in _END:
            end(fault.what, self._link)
            return
        if fault.what == "corrupt":
            rest = flipped(rest, 0)
        elif fault.what == "drip":
            wire.drip(fault.bytes_per_s)
        elif fault.what == "delay":
            hold(decision, fault.delay_ms / 1000, [each.stop_sending(0) for each in self._link.wires])
        else:
            hole(decision, *self._link.wires)
        if rest:
            wire.put_back(rest)

    def _meet(self, whole: bytes, packet: Packet | None) -> None:
        if isinstance(packet, Connect) and not self._link.client_id:
            self._link.client_id = packet.client_id
        decision = self._asked(packet) if packet is not None else None
        if decision is None:
            self._wire().write(whole)
        elif decision.fault.what == "hole":
            hole(decision, *self._link.wires)
            self._wire().write(whole)
        elif self._name == "out":
            send(decision, whole, self._wire(), self._link)
        else:
            self._in(decision, whole)

    def _in(self, decision: Decision, whole: bytes) -> None:
        fault = decision.fault
        if fault.what in _END:
            end(fault.what, self._link)
        elif fault.what == "delay":
            self._wire().stop_sending(fault.delay_ms / 1000)
            self._wire().write(whole)
        elif fault.what != "drop":
            send(decision, b"", self._link.device.wire, self._link)
            self._wire().write(whole)

    def _asked(self, packet: Packet) -> Decision | None:
        where = "connack" if isinstance(packet, Connack) else self._name
        return self._link.book.decide(event_of(where, self._link.name, self._link.client_id, packet))

    def _wire(self) -> Wire:
        return (self._link.device if self._name == "out" else self._link.server).wire
