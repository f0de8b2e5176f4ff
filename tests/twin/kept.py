"""A device that keeps its session over connections, for tests of what waits for it."""

from host_tools.twin import TwinThread
from host_tools.twin.broker.packets import Disconnect, Puback, Publish
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.saying import subscribed
from tests.twin.wire import Wire


class Kept:
    """`topic` is what it subscribes to at QoS 1 when it first comes."""

    def __init__(self, twin: TwinThread, topic: str = "devcred/kept") -> None:
        self.twin, self.topic = twin, topic
        self.connect = credentials_for(twin, new_client_id(), clean_session=False, keepalive_s=0)

    def come(self) -> Wire:
        """Log in; the wire shows what follows the CONNACK."""
        wire = Wire(self.twin.mqtt_port)
        answer = wire.login(self.connect)
        assert answer.code == 0
        if not answer.session_present:
            assert subscribed(wire, (self.topic, 1)) == [1]
        return wire

    def leave(self, wire: Wire) -> None:
        """Say goodbye; the broker has noticed when this returns."""
        wire.send(Disconnect())
        assert wire.is_closed()
        wire.socket.close()

    def was_here(self) -> None:
        """Come and go, to leave a session behind."""
        self.leave(self.come())


def publish(wire: Wire, topic: str, *numbers: int) -> None:
    """Publish each number as text at QoS 1, and wait for the acknowledgements."""
    wire.send(*(Publish(topic, b"%d" % number, 1, packet_id=number) for number in numbers))
    assert [wire.receive() for _ in numbers] == [Puback(number) for number in numbers]


def batch(wire: Wire, *, acknowledge: bool = True) -> list[int]:
    """The numbers that came until now, acknowledged or not."""
    found = []
    while True:
        wire.send(b"\xc0\x00")
        while isinstance(packet := wire.receive(), Publish):
            found.append(int(packet.payload))
            if acknowledge and packet.qos:
                wire.send(Puback(packet.packet_id))
        if not acknowledge or not found or wire.is_quiet():
            return found
