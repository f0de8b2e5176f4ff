"""Faults at packets: the broker's hook, which asks the book and bends one connection."""

import asyncio
from functools import partial
from weakref import WeakSet

from host_tools.twin.broker.connection import Connection
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.hooks import Moment, Verdict
from host_tools.twin.broker.packets import Connect, Packet, Publish, Subscribe, Unsubscribe
from host_tools.twin.faults.book import Decision, FaultBook
from host_tools.twin.faults.holding import hold, hole
from host_tools.twin.faults.rules import Event
from host_tools.twin.faults.shape import end, send
from host_tools.twin.faults.wire import Wire
from host_tools.twin.trace import Info

PLACES = ("connack", "in", "out")


class PacketFaults:
    """A `Hook`. Lives on the loop where it was made; `stop` cuts the connections that it still holds up."""

    def __init__(self, book: FaultBook) -> None:
        self._book = book
        self._wires: WeakSet[Wire] = WeakSet()

    def __call__(self, moment: Moment, connection: Connection, packet: Packet | None) -> Verdict:
        if packet is None:
            return Verdict.PASS
        decision = self._book.decide(
            event_of(moment.value, connection.channel_id, connection.client_id, packet)
        )
        if decision is None:
            return Verdict.PASS
        if moment is Moment.IN:
            return self._on_in(decision, connection, packet)
        wire = self._wire(connection)
        if decision.fault.what == "hole":
            hole(decision, wire)
            wire.write(encode(packet))
        else:
            send(decision, encode(packet), wire, _Ends(connection))
        return Verdict.DROP

    def stop(self) -> None:
        """Cut every connection that a fault bent."""
        for wire in list(self._wires):
            wire.abort()

    def _on_in(self, decision: Decision, connection: Connection, packet: Packet) -> Verdict:
        fault, wire = decision.fault, self._wire(connection)
        if fault.what == "hole":
            hole(decision, wire, then=lambda: connection.take_up(packet))
            return Verdict.LATER
        if fault.what == "delay":
            stops = [wire.stop_reading(0)]
            hold(decision, fault.delay_ms / 1000, stops, lambda: connection.take_up(packet))
            return Verdict.LATER
        if fault.what in ("drip", "say"):
            send(decision, b"", wire, _Ends(connection))
            return Verdict.PASS
        if fault.what != "drop":
            end(fault.what, _Ends(connection))
        return Verdict.DROP

    def _wire(self, connection: Connection) -> Wire:
        """The connection's wire, put there when the first fault strikes; all that was written is sent."""
        wires: list[Wire] = []

        def wrap(transport: asyncio.Transport) -> Wire:
            gone = partial(connection.connection_lost, None)
            wires.append(transport if isinstance(transport, Wire) else Wire(transport, gone))
            return wires[0]

        connection.bend(wrap)
        self._wires.add(wires[0])
        return wires[0]


class _Ends:
    """How the twin ends a connection of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reset(self) -> None:
        self._connection.reset()

    def close(self) -> None:
        self._connection.close(Info.BY_SERVER)

    def mute(self) -> None:
        self._connection.hang()

    def kick(self) -> None:
        self._connection.close(Info.CONFLICT)


def event_of(where: str, connection: str, client_id: str, packet: Packet | None) -> Event:
    """What the rules see of a packet."""
    topics: tuple[str, ...] = ()
    match packet:
        case Connect():
            client_id = packet.client_id
        case Publish():
            topics = (packet.topic,)
        case Subscribe():
            topics = tuple(text for text, _ in packet.filters)
        case Unsubscribe():
            topics = tuple(packet.filters)
    return Event(where, connection, "", client_id, type(packet).__name__.upper(), topics)
