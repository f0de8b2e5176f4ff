"""One client's connection: bytes, timers and the one way out. What packets mean is `handlers`' business."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from host_tools.twin.broker.decode import FROM_CLIENT, Decoder, MalformedPacketError
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.handlers import HANDLERS
from host_tools.twin.broker.hooks import Moment, Verdict
from host_tools.twin.broker.packets import Connack, Packet, PacketType
from host_tools.twin.broker.session import Session
from host_tools.twin.trace import Action, Info

if TYPE_CHECKING:
    from host_tools.twin.broker.broker import Broker

_BEFORE_LOGIN = frozenset({PacketType.CONNECT})
_KEEPALIVE_FACTOR = 1.5
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing then resets."""
_LINGER_S = 2.0
"""How long a closed connection may take to get its last bytes out before it is cut."""


class Connection(asyncio.Protocol):
    """Everything is answered inside `data_received`: no task and no queue for a packet."""

    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.client_id = ""
        self.channel_id = broker.new_channel_id()
        self.session: Session | None = None
        self.closed = False
        self._decoder = Decoder(_BEFORE_LOGIN, broker.settings.max_connect_bytes)
        self._loop = asyncio.get_running_loop()
        self._gathered: list[bytes] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._silence_s = 0.0

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

    # What the broker calls.

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the peer has not taken yet."""
        return self._transport.get_write_buffer_size()

    def admit(self, session: Session, keepalive_s: int) -> None:
        """After a good CONNECT: take every packet of a client, and watch its keep-alive."""
        self.session = session
        self._decoder.accepts = FROM_CLIENT
        self._decoder.max_packet_bytes = self.broker.settings.max_packet_bytes
        self._expect(keepalive_s * _KEEPALIVE_FACTOR)

    def send(self, packet: Packet) -> None:
        """The one way out for packets."""
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
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.abort()

    # Inside.

    def _handle_packets(self) -> None:
        while not self.closed and (packet := self._decoder.next()) is not None:
            if self._ask(Moment.IN, packet) is Verdict.PASS:
                HANDLERS[type(packet)](self.broker, self, packet)

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
        self.broker.trace.add(self.client_id, self.channel_id, Action.CLOSE, info, detail)
        self.broker.detach(self)

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, None
        if gathered and not self._transport.is_closing():
            self._transport.write(b"".join(gathered))

    def _expect(self, silence_s: float) -> None:
        """Close the connection once nothing came for `silence_s` seconds; 0 waits for ever."""
        self._stop_timer()
        self._heard_at, self._silence_s = self._loop.time(), silence_s
        if silence_s:
            self._after(silence_s, self._check_silence)

    def _check_silence(self) -> None:
        # One timer that looks when it fires: arming it anew for each packet would cost more than the packet.
        left_s = self._heard_at + self._silence_s - self._loop.time()
        if left_s > 0:
            self._after(left_s, self._check_silence)
        else:
            self.close(Info.NO_HEART)

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, call)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
