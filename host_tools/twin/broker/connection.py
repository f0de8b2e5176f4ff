"""One client's connection: bytes, timers and the one way out. What packets mean is `handlers`' business."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from host_tools.twin.broker.decode import FROM_CLIENT, Decoder, MalformedPacketError
from host_tools.twin.broker.encode import encode, puback
from host_tools.twin.broker.handlers import HANDLERS
from host_tools.twin.broker.hooks import Moment, Verdict
from host_tools.twin.broker.packets import Connack, Packet, PacketType, Puback, Publish, Pubrec
from host_tools.twin.broker.rights import Rights, TokenRights
from host_tools.twin.broker.session import Session
from host_tools.twin.broker.silence import Watched
from host_tools.twin.broker.tokenlife import TokenLife
from host_tools.twin.listening import arm_reset
from host_tools.twin.trace import Action, Info

if TYPE_CHECKING:
    from host_tools.twin.broker.broker import Broker

_BEFORE_LOGIN = frozenset({PacketType.CONNECT})
_KEEPALIVE_FACTOR = 1.5
_LINGER_S = 2.0
"""How long a closed connection may take to get its last bytes out before it is cut."""


class Connection(Watched, asyncio.Protocol):
    """Everything is answered inside `data_received`: no task and no queue for a packet."""

    __slots__ = (
        "__weakref__",
        "_decoder",
        "_gathered",
        "_transport",
        "broker",
        "channel_id",
        "client_id",
        "closed",
        "life",
        "rights",
        "session",
        "will",
    )

    def __init__(self, broker: "Broker") -> None:
        super().__init__()
        self.broker = broker
        self.client_id = ""
        self.channel_id = broker.new_channel_id()
        self.session: Session | None = None
        self.rights: Rights | None = None
        """What the client may use; None for everything."""
        self.life: TokenLife | None = None
        """The tokens' life, in Token mode."""
        self.closed = False
        self.will: Publish | None = None
        """What is published when this ends without a DISCONNECT."""
        self._decoder = Decoder(_BEFORE_LOGIN, broker.settings.max_connect_bytes)
        self._gathered: list[bytes] | None = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        limit_bytes = self.broker.settings.slow_reader_bytes
        self._transport.set_write_buffer_limits(high=2 * limit_bytes, low=limit_bytes)
        self.broker.connections.add(self)
        self._expect(self.broker.settings.connect_timeout_s)
        self._ask(Moment.ACCEPT, None)

    def data_received(self, data: bytes) -> None:
        if self.closed:
            return
        self._heard_at = self._loop.time()
        self._decoder.feed(data)
        # Answers to all packets of one chunk leave together: one system call, not one each.
        self._gathered = []
        try:
            self._handle_packets()
        except MalformedPacketError as error:
            self.close(Info.INVALID, str(error))
        finally:
            self._flush()

    def pause_writing(self) -> None:
        # A peer that does not read its answers is not heard either, so that they cannot pile up.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self.closed:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(Info.SOCKET if exc else Info.BY_CLIENT, "")
        self._stop_timer()
        self.broker.lost(self)

    def fell_silent(self) -> None:
        self.close(Info.NO_HEART)

    # What the broker calls.

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the peer has not taken yet."""
        return self._transport.get_write_buffer_size()

    def admit(self, session: Session, rights: Rights | None, keepalive_s: int) -> None:
        """After a good CONNECT: take every packet of a client, and watch its keep-alive."""
        self.session, self.rights = session, rights
        self._decoder.accepts = FROM_CLIENT
        self._decoder.max_packet_bytes = self.broker.settings.max_packet_bytes
        self._expect(keepalive_s * _KEEPALIVE_FACTOR)

    def watch_tokens(self, keepalive_s: int) -> None:
        """After the CONNACK: notices and the end of its tokens, where the client came with tokens."""
        if isinstance(self.rights, TokenRights) and not self.closed:
            self.life = TokenLife(self.broker, self, self.rights, keepalive_s * _KEEPALIVE_FACTOR)

    def acknowledge(self, packet: Publish) -> None:
        """Answer a PUBLISH as its QoS wants."""
        if packet.qos == 1:
            if self.broker.hook is None:
                self.write(puback(packet.packet_id))
            else:
                self.send(Puback(packet.packet_id))
        elif packet.qos == 2 and self.session is not None:
            if self.session.received is None:
                self.session.received = set()
            self.session.received.add(packet.packet_id)
            self.send(Pubrec(packet.packet_id))

    def send(self, packet: Packet) -> None:
        """The one way out for packets."""
        if self.broker.hook is None:
            self.write(encode(packet))
            return
        verdict = self._ask(Moment.CONNACK if isinstance(packet, Connack) else Moment.OUT, packet)
        if verdict is Verdict.PASS:
            self.write(encode(packet))
        elif isinstance(verdict, bytes):
            self.write(verdict)

    def write(self, data: bytes) -> None:
        """Raw bytes, past the hook."""
        if self._gathered is not None:
            self._gathered.append(data)
        elif not self._transport.is_closing():
            self._transport.write(data)

    def close(self, info: Info, detail: str = "") -> None:
        """End it after what was written; a peer that does not take that is cut off after a while."""
        self._end(info, detail)
        self._flush()
        self._transport.close()
        self._after(_LINGER_S, self._transport.abort)

    def abort(self) -> None:
        """End it at once; unsent bytes are lost."""
        self._end(Info.BY_SERVER, "")
        self._transport.abort()

    def reset(self) -> None:
        """End it with a TCP reset."""
        arm_reset(self._transport.get_extra_info("socket"))
        self.abort()

    def bend(self, wrap: Callable[[asyncio.Transport], asyncio.Transport]) -> None:
        """For faults: put something in front of the transport, behind what was written so far."""
        gathers = self._gathered is not None
        self._flush()
        self._gathered = [] if gathers else None
        self._transport = wrap(self._transport)

    def take_up(self, packet: Packet) -> None:
        """Handle a packet that a hook had put off, then those that came behind it."""
        if not self.closed:
            HANDLERS[type(packet)](self.broker, self, packet)
            self.data_received(b"")

    def hang(self) -> None:
        """End it for the broker alone: the socket stays open, and silent, until the peer closes it."""
        self._end(Info.BY_SERVER, "left hanging")

    # Inside.

    def _handle_packets(self) -> None:
        broker, decoder = self.broker, self._decoder
        while not self.closed and (packet := decoder.next()) is not None:
            if broker.hook is not None:
                verdict = self._ask(Moment.IN, packet)
                if verdict is Verdict.LATER:
                    return
                if verdict is not Verdict.PASS:
                    continue
            HANDLERS[type(packet)](broker, self, packet)

    def _ask(self, moment: Moment, packet: Packet | None) -> Verdict | bytes:
        hook = self.broker.hook
        if hook is None:
            return Verdict.PASS
        verdict = hook(moment, self, packet)
        if verdict is Verdict.CLOSE:
            self.close(Info.BY_SERVER)
        elif verdict is Verdict.RESET:
            self.reset()
        return verdict

    def _end(self, info: Info, detail: str) -> None:
        if self.closed:
            return
        self.closed = True
        self._stop_timer()
        if self.life is not None:
            self.life.stop()
        self.broker.trace.add(self.client_id, self.channel_id, Action.CLOSE, info, detail)
        self.broker.detach(self)

    def _flush(self) -> None:
        journal = self.broker.common.journal
        if journal is not None and journal.dirty:
            journal.commit()  # before the acknowledgement that says so leaves
        gathered, self._gathered = self._gathered, None
        if gathered and not self._transport.is_closing():
            self._transport.write(b"".join(gathered))
