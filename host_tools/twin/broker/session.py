"""What the broker keeps of one client, connected or not (MQTT 3.1.1 section 3.1.2.4)."""

from collections import deque
from typing import Protocol

from host_tools.twin.broker.common import Common
from host_tools.twin.broker.letter import Letter
from host_tools.twin.broker.packets import Packet, Publish, Pubrel
from host_tools.twin.timers import Timer
from host_tools.twin.trace import MessageAction

_SUB, _PUSH_OFFLINE = MessageAction.SUB, MessageAction.PUSH_OFFLINE


class Link(Protocol):
    """The part of a connection that a session needs."""

    @property
    def unsent_bytes(self) -> int: ...

    def send(self, packet: Packet) -> None: ...


class Session:
    """Subscriptions, exchanges under way, messages that wait. A clean session ends with its connection.

    Three places hold messages: in flight, behind a full window, and for the client's return (offline).
    """

    __slots__ = (
        "_batch",
        "_common",
        "_inflight",
        "_last_id",
        "_offline",
        "_sweep",
        "_waiting",
        "clean",
        "client_id",
        "established",
        "link",
        "received",
        "subscriptions",
    )

    def __init__(self, client_id: str, clean: bool, common: Common) -> None:
        self.client_id = client_id
        self.clean = clean
        self.link: Link | None = None
        self.established = False
        """Whether the client itself ever connected."""
        self.subscriptions: dict[str, int] = {}
        self.received: set[int] | None = None
        """Packet ids of QoS 2 messages that came in and are not released yet; made when the first comes."""
        self._common = common
        self._inflight: dict[int, Letter | Pubrel] = {}
        # A deque of its own costs an idle client more than all the rest: they are made when needed.
        self._waiting: deque[Letter] | None = None
        self._offline: deque[Letter] | None = None
        self._batch: Timer | None = None
        self._sweep: Timer | None = None
        self._last_id = 0

    def deliver(self, message: Publish, qos: int, number: int, *, keep: bool, retain: bool = False) -> None:
        """Send at `qos`, or have it wait: behind a full window, or, if `keep`, for the client's return."""
        link, common = self.link, self._common
        if qos == 0:
            # A reader that does not keep up loses QoS 0 messages, so that it cannot fill the memory.
            if link is not None and link.unsent_bytes <= common.settings.slow_reader_bytes:
                link.send(Publish(message.topic, message.payload, 0, retain))
                common.trace.pushed(number, message.topic, self.client_id, _SUB)
            return
        letter = Letter(message.topic, message.payload, qos, retain, False, 0, number, keep)
        if link is None:
            self._keep(letter)
        elif self._waiting or len(self._inflight) >= common.settings.max_inflight:
            self._wait(letter)
        else:
            self._start(letter, _SUB)

    def notice(self, publish: Publish) -> None:
        """Send a message of the server's own: it goes out now or never, and its PUBACK changes nothing."""
        if self.link is not None:
            if publish.qos:
                publish.packet_id = self._free_id()
            self.link.send(publish)

    def resume(self) -> None:
        """After a CONNACK: repeat what was not acknowledged (MQTT-4.4.0-1), then send what waited."""
        for packet in list(self._inflight.values()):
            if self.link is None:
                return
            if isinstance(packet, Letter):
                packet.dup, packet.sweeps = True, 0
            self.link.send(packet)
        if self._inflight:
            self._watch()
        self._push_batch()

    def rest(self) -> None:
        """The connection is gone: what waited behind the window waits for the client's return."""
        self.link = None
        if self._batch is not None:
            self._batch.cancel()
            self._batch = None
        waiting, self._waiting = self._waiting, None
        for letter in waiting or ():
            self._keep(letter)

    def acknowledged(self, packet_id: int, qos: int) -> None:
        """A PUBACK came (`qos` 1) or a PUBCOMP (2); one that answers nothing of ours is passed over."""
        packet = self._inflight.get(packet_id)
        if packet is None or (packet.qos != 1 or qos != 1 if isinstance(packet, Letter) else qos != 2):
            return
        del self._inflight[packet_id]
        if isinstance(packet, Letter):
            self._common.drop(packet)
        if self._waiting:
            self._next()

    def received_by_peer(self, packet_id: int) -> None:
        """A PUBREC came: answer PUBREL, whatever was known of the id (MQTT-4.3.3-1)."""
        packet = self._inflight.get(packet_id)
        if isinstance(packet, Letter) and packet.qos == 2:
            self._common.drop(packet)
            self._inflight[packet_id] = Pubrel(packet_id)
        if self.link is not None:
            self.link.send(Pubrel(packet_id))

    def restore(self, letter: Letter) -> None:
        """Take a message back that the journal had."""
        if letter.packet_id:
            self._inflight[letter.packet_id] = letter
            self._last_id = letter.packet_id
        else:
            self._offline = self._offline or deque()
            self._offline.append(letter)

    def forget(self) -> None:
        """The session ends, and its messages with it."""
        self.rest()
        for packet in self._inflight.values():
            if isinstance(packet, Letter):
                self._common.drop(packet)
        for letter in self._offline or ():
            self._common.drop(letter)
        self._inflight, self._offline = {}, None

    # Inside.

    def _wait(self, letter: Letter) -> None:
        self._waiting = self._bounded(self._waiting)
        self._waiting.append(letter)

    def _keep(self, letter: Letter) -> None:
        if letter.keep and not self.clean:
            self._offline = self._bounded(self._offline)
            self._offline.append(letter)
            letter.offline = True
            self._common.keep(self.client_id, letter)
        else:
            self._common.drop(letter)

    def _bounded(self, letters: deque[Letter] | None) -> deque[Letter]:
        """Room for one more; the oldest goes first."""
        if letters is None:
            letters = deque()
        elif len(letters) >= self._common.settings.offline_messages:
            self._common.drop(letters.popleft())
        return letters

    def _next(self) -> None:
        while self._waiting and self.link is not None and self._has_room():
            self._start(self._waiting.popleft(), _SUB)

    def _push_batch(self) -> None:
        common, self._batch = self._common, None
        left = common.settings.offline_batch or 1
        while left and self._offline and self.link is not None and self._has_room():
            letter = self._offline.popleft()
            if common.is_due(letter):
                self._start(letter, _PUSH_OFFLINE)
                left -= 1
        if self._offline and self.link is not None:
            self._batch = common.timers.after(common.settings.offline_batch_s, self._push_batch)

    def _has_room(self) -> bool:
        return len(self._inflight) < self._common.settings.max_inflight

    def _start(self, letter: Letter, action: MessageAction) -> None:
        common = self._common
        letter.packet_id, letter.sweeps = self._free_id(), 0
        self._inflight[letter.packet_id] = letter
        if common.journal is not None and letter.keep and not self.clean:
            common.journal.keep(self.client_id, letter)
        if self._sweep is None:
            self._watch()
        common.trace.pushed(letter.number, letter.topic, self.client_id, action)
        if self.link is not None:
            self.link.send(letter)

    def _watch(self) -> None:
        if self._sweep is None and self._common.settings.resend_s:
            self._sweep = self._common.timers.after(self._common.settings.resend_s, self._look)

    def _look(self) -> None:
        """Send again what was met before, so at least one interval ago; give up what was sent often enough.

        One timer for a session while anything is in flight: one for each message would cost more than it.
        """
        self._sweep = None
        for packet in list(self._inflight.values()):
            if isinstance(packet, Letter) and packet.qos == 1 and self.link is not None:
                packet.sweeps += 1
                if packet.sweeps > self._common.settings.resend_tries + 1:
                    self._give_up(packet)
                elif packet.sweeps > 1:
                    packet.dup = True
                    self.link.send(packet)
        if self._inflight and self.link is not None:
            self._watch()

    def _give_up(self, letter: Letter) -> None:
        del self._inflight[letter.packet_id]
        self._keep(letter)
        self._next()

    def _free_id(self) -> int:
        while True:
            self._last_id = self._last_id % 0xFFFF + 1
            if self._last_id not in self._inflight:
                return self._last_id
