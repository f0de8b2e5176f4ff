"""What the broker keeps of one client, connected or not (MQTT 3.1.1 section 3.1.2.4)."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from host_tools.twin.broker.packets import Packet, Publish, Pubrel
from host_tools.twin.settings import Settings


class Link(Protocol):
    """The part of a connection that a session needs."""

    @property
    def unsent_bytes(self) -> int: ...

    def send(self, packet: Packet) -> None: ...


@dataclass(slots=True)
class _Waiting:
    """A message that could not go out yet; dropped once the clock is past `until_s`."""

    publish: Publish
    until_s: float


class Session:
    """Subscriptions, exchanges under way, messages that wait. A clean session ends with its connection."""

    def __init__(self, client_id: str, clean: bool, settings: Settings, clock: Callable[[], float]) -> None:
        self.client_id = client_id
        self.clean = clean
        self.link: Link | None = None
        self.established = False
        """Whether the client itself ever connected."""
        self.subscriptions: dict[str, int] = {}
        self.received: set[int] = set()
        """Packet ids of QoS 2 messages that came in and are not released yet."""
        self._settings = settings
        self._clock = clock
        self._inflight: dict[int, Publish | Pubrel] = {}
        self._waiting: deque[_Waiting] = deque(maxlen=settings.offline_messages)
        self._last_id = 0

    @property
    def waiting(self) -> int:
        """Messages kept for later."""
        return len(self._waiting)

    def deliver(self, message: Publish, qos: int, *, keep: bool) -> None:
        """Send at `qos`, or have it wait: behind a full window, or, if `keep`, for the client's return."""
        publish = Publish(message.topic, message.payload, qos)
        if self.link is None:
            if keep and qos:
                self._wait(publish)
        elif qos == 0:
            # A reader that does not keep up loses QoS 0 messages, so that it cannot fill the memory.
            if self.link.unsent_bytes <= self._settings.slow_reader_bytes:
                self.link.send(publish)
        elif self._waiting or len(self._inflight) >= self._settings.max_inflight:
            self._wait(publish)
        else:
            self._start(publish)

    def resume(self) -> None:
        """After a CONNACK: repeat what was not acknowledged (MQTT-4.4.0-1), then send what waits."""
        for packet in list(self._inflight.values()):
            if self.link is None:
                return
            if isinstance(packet, Publish):
                packet.dup = True
            self.link.send(packet)
        self._next()

    def acknowledged(self, packet_id: int, qos: int) -> None:
        """A PUBACK came (`qos` 1) or a PUBCOMP (2); one that answers nothing of ours is passed over."""
        packet = self._inflight.get(packet_id)
        if (isinstance(packet, Publish) and packet.qos == qos == 1) or (
            isinstance(packet, Pubrel) and qos == 2
        ):
            del self._inflight[packet_id]
            self._next()

    def received_by_peer(self, packet_id: int) -> None:
        """A PUBREC came: answer PUBREL, whatever was known of the id (MQTT-4.3.3-1)."""
        packet = self._inflight.get(packet_id)
        if isinstance(packet, Publish) and packet.qos == 2:
            self._inflight[packet_id] = Pubrel(packet_id)
        if self.link is not None:
            self.link.send(Pubrel(packet_id))

    def _wait(self, publish: Publish) -> None:
        self._waiting.append(_Waiting(publish, self._clock() + self._settings.offline_keep_s))

    def _next(self) -> None:
        while self._waiting and self.link is not None and len(self._inflight) < self._settings.max_inflight:
            waiting = self._waiting.popleft()
            if waiting.until_s > self._clock():
                self._start(waiting.publish)

    def _start(self, publish: Publish) -> None:
        publish.packet_id = self._free_id()
        self._inflight[publish.packet_id] = publish
        if self.link is not None:
            self.link.send(publish)

    def _free_id(self) -> int:
        while True:
            self._last_id = self._last_id % 0xFFFF + 1
            if self._last_id not in self._inflight:
                return self._last_id
