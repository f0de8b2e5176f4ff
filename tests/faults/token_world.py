"""The twin's broker in simulated time, and connections to it with no network between.

Time passes only when told. Left out: what lies below the agent's MQTT client (umqtt, TLS, sockets): the
twin's own codec writes the packets.
"""

import json
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from devcred import causes, signing
from devcred.errors import LinkError
from host_tools.twin import Settings
from host_tools.twin.broker.broker import Broker
from host_tools.twin.broker.connection import Connection
from host_tools.twin.broker.decode import FROM_SERVER, Decoder
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Connack, Connect, Packet, Puback, Publish, Suback, Subscribe
from host_tools.twin.clock import ManualClock
from host_tools.twin.state import State
from host_tools.twin.trace import Trace

CLIENT_ID, GROUP = "GID_sim@@@tokens", "GID_sim"
T0_S = 1_800_000_000.0
READING = "devcred/reading"
# On a board they wrap there, after 12.4 days.
TICKS = 1 << 30
_ANSWER_S = 5.0
_KEEPALIVE_S = 90


class World:
    """The clock, the twin's broker, and a subscriber to everything the device publishes."""

    def __init__(self, settings: Settings, ticks_ms: int) -> None:
        self.clock = ManualClock(T0_S)
        self.state = State(clock=self.clock)
        self.state.add_group(GROUP)
        self.state.add_topic("devcred")
        self.broker = Broker(self.state, settings, Trace(self.clock, None), self.clock)
        self.away = False
        self.arrived: list[int] = []
        self._ticks_ms = ticks_ms
        self._listener = Link(self)
        held = self.state.new_credential(f"{GROUP}@@@listener")
        name = signing.device_username(held.key_id, self.state.instance_id)
        word = signing.password(held.client_id, held.secret)
        self._listener.write(Connect(held.client_id, username=name, password=word.encode()))
        self._listener.write(Subscribe(1, [(READING, 1)]))

    def ticks_ms(self) -> int:
        return (self._ticks_ms + round((self.clock() - T0_S) * 1000)) % TICKS

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        while (packet := self._listener.read()) is not None:
            if isinstance(packet, Publish):
                self.arrived.append(json.loads(packet.payload)["number"])
                self._listener.write(Puback(packet.packet_id))


class Link:
    """A connection to the broker with nothing between; what it sends back may be held on the way."""

    def __init__(self, world: World, hold: Callable[[Packet], list[float]] = lambda packet: [0.0]) -> None:
        self._world = world
        self._hold = hold
        self._coming: deque[tuple[float, Packet]] = deque()
        self._decoder = Decoder(FROM_SERVER, 1 << 20)
        self.closed = False
        self._connection = Connection(world.broker)
        self._connection.connection_made(cast(Any, _Transport(self)))

    def write(self, packet: Packet) -> None:
        if not self.closed:
            self._connection.data_received(encode(packet))

    def read(self) -> Packet | None:
        """What has come by now, None if nothing."""
        for number, (at_s, packet) in enumerate(self._coming):
            if at_s <= self._world.clock():
                del self._coming[number]
                return packet
        return None

    def take(self, data: bytes) -> None:
        self._decoder.feed(data)
        while (packet := self._decoder.next()) is not None:
            self._coming.extend((self._world.clock() + delay_s, packet) for delay_s in self._hold(packet))

    def end(self) -> None:
        if not self.closed:
            self.closed = True
            self._connection.connection_lost(None)


class _Transport:
    """asyncio's, as far as the twin's connection uses it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.write, self.close, self.abort = link.take, link.end, link.end

    def is_closing(self) -> bool:
        return self._link.closed

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        """Nothing is ever buffered."""

    def get_write_buffer_size(self) -> int:
        return 0


class Client:
    """`mqtt.Client` as the session and the keeper of tokens see it."""

    def __init__(self, world: World, fate: Callable[[], list[float]]) -> None:
        """`fate()`: the delays of the copies of an upload's acknowledgement."""
        self._world, self._fate = world, fate
        self.pid = self.acknowledged = 0
        self._uploads: set[int] = set()
        self._callback: Callable[[bytes, bytes], None] = lambda topic, payload: None
        if self._world.away:
            raise LinkError(causes.NO_SERVER, 111)
        self._link = Link(self._world, self._held)

    def open(self, username: str, password: str) -> None:
        self._link.write(
            Connect(CLIENT_ID, keepalive_s=_KEEPALIVE_S, username=username, password=password.encode())
        )
        answer = self._link.read()
        assert isinstance(answer, Connack)
        if answer.code:
            raise LinkError(causes.from_connack(answer.code), answer.code)

    def set_callback(self, callback: Callable[[bytes, bytes], None]) -> None:
        self._callback = callback

    def send(self, topic: bytes, payload: bytes, qos: int, again: int) -> None:
        self.pid = again or self.pid % 65535 + 1
        self._answered(Publish(topic.decode(), payload, qos, dup=bool(again), packet_id=self.pid), Puback)

    def listen(self, topic_filter: str) -> bool:
        self.pid = self.pid % 65535 + 1
        answer = self._answered(Subscribe(self.pid, [(topic_filter, 1)]), Suback)
        return cast(Suback, answer).codes[0] != 0x80

    def post(self, topic: str, payload: bytes, again: int = 0) -> int:
        self.pid = again or self.pid % 65535 + 1
        self._uploads.add(self.pid)
        self._link.write(Publish(topic, payload, 1, dup=bool(again), packet_id=self.pid))
        return self.pid

    def keep_alive(self) -> None:
        """The twin's goes by real time."""

    def check_msg(self) -> None:
        if (packet := self._link.read()) is not None:
            self._take(packet)
        elif self._link.closed:
            raise LinkError(causes.CLOSED, 0)

    def shut(self) -> None:
        self._link.end()

    def _take(self, packet: Packet) -> None:
        if isinstance(packet, Publish):
            self._callback(packet.topic.encode(), packet.payload)
            if packet.qos:
                self._link.write(Puback(packet.packet_id))
        elif isinstance(packet, Puback):
            self.acknowledged = packet.packet_id

    def _answered(self, packet: Any, kind: type) -> Packet:
        self._link.write(packet)
        end_s = self._world.clock() + _ANSWER_S
        while True:
            answer = self._link.read()
            if isinstance(answer, kind) and cast(Any, answer).packet_id == packet.packet_id:
                return cast(Packet, answer)
            if answer is not None:
                self._take(answer)
            elif self._link.closed:
                topic = packet.topic if isinstance(packet, Publish) else packet.filters[0][0]
                raise LinkError(causes.TOPIC_REFUSED, topic)
            elif self._world.clock() >= end_s:
                raise LinkError(causes.LINK_LOST, "no acknowledgement")
            else:
                self._world.pass_time(0.1)

    def _held(self, packet: Packet) -> list[float]:
        if isinstance(packet, Puback) and packet.packet_id in self._uploads:
            return self._fate()
        return [0.0]
