"""What tests of messages say again and again: subscribe, receive one, ask why a connection ended."""

from collections.abc import Callable

from host_tools.twin import TwinThread
from host_tools.twin.broker.packets import (
    Publish,
    Suback,
    Subscribe,
)
from host_tools.twin.trace import Info
from tests.twin.wire import Wire

Login = Callable[..., Wire]
Start = Callable[..., TwinThread]


def subscribed(wire: Wire, *filters: tuple[str, int]) -> list[int]:
    """Subscribe and give back the codes."""
    wire.send(Subscribe(1, list(filters)))
    answer = wire.receive()
    assert isinstance(answer, Suback)
    return answer.codes


def end_of(twin: TwinThread, wire: Wire) -> Info:
    """Why the trace says that this client's connection closed."""
    infos: list[Info] = [entry.info for entry in twin.trace if entry.client_id == wire.client_id]
    return infos[-1]


def received(wire: Wire) -> Publish:
    packet = wire.receive()
    assert isinstance(packet, Publish)
    return packet
