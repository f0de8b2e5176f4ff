"""A device's connection joined to a server's, and what faults do in between."""

import asyncio
import itertools
import socket
import ssl
from collections.abc import Callable
from typing import cast

from host_tools.twin.faults.book import Decision, FaultBook
from host_tools.twin.faults.flow import Flow
from host_tools.twin.faults.wire import Wire

_HIGH_BYTES = 1 << 18
_HANDSHAKE_S = 10.0
_GOODBYE_S = 2.0
_numbers = itertools.count(1)


class Side(asyncio.Protocol):
    """One end of a link; `wire` leads to whoever is there."""

    def __init__(self, link: "Link") -> None:
        self._link = link
        self.is_up = False
        self.wire: Wire
        self.other: Side
        self.flow: Flow

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = Wire(cast(asyncio.Transport, transport), lambda: None)
        self.wire.pause_reading()
        self.wire.on_empty = self._emptied
        self.is_up = True

    def data_received(self, data: bytes) -> None:
        self.flow.take(data)
        if self.other.wire.get_write_buffer_size() > _HIGH_BYTES:
            self.wire.pause_reading()

    def eof_received(self) -> bool:
        self._link.ended(self)
        # Under TLS the one end is both, and asyncio closes it.
        return self.wire.can_write_eof()

    def pause_writing(self) -> None:
        self.other.wire.pause_reading()

    def resume_writing(self) -> None:
        self.other.wire.resume_reading()

    def _emptied(self) -> None:
        self.other.wire.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_up = False
        self._link.lost(self, reset=isinstance(exc, ConnectionResetError))


class Link:
    """What `shape.Ends` asks for, over two sockets. `strike` is a fault of the connection as a whole.

    With `aware` the bytes are read as MQTT, and rules at packets apply. `done` is called when both ends
    are closed.
    """

    def __init__(
        self,
        book: FaultBook,
        strike: Decision | None = None,
        *,
        aware: bool = False,
        done: Callable[["Link"], None] = lambda link: None,
    ) -> None:
        self.book = book
        self.name = f"link-{next(_numbers)}"
        self.client_id = ""
        self.muted = False
        self._done = done
        self._eofs = 0
        self.device, self.server = Side(self), Side(self)
        self.device.other, self.server.other = self.server, self.device
        way = strike.fault.direction if strike else ""
        self.device.flow = Flow(self, "in", strike if way in ("in", "both") else None, aware=aware)
        self.server.flow = Flow(self, "out", strike if way in ("out", "both") else None, aware=aware)

    @property
    def wires(self) -> tuple[Wire, Wire]:
        return self.device.wire, self.server.wire

    async def start(
        self, device: socket.socket, server: socket.socket, tls: ssl.SSLContext | None = None
    ) -> None:
        """Join the two sockets, which then belong to the link; with `tls` the device's TLS ends here.

        OSError when the device had gone, or its handshake failed; nothing is left of either then.
        """
        loop = asyncio.get_running_loop()
        limits = {"ssl_handshake_timeout": _HANDSHAKE_S, "ssl_shutdown_timeout": _GOODBYE_S} if tls else {}
        try:
            await loop.connect_accepted_socket(lambda: self.device, device, ssl=tls, **limits)
            await loop.connect_accepted_socket(lambda: self.server, server)
        except BaseException:
            if self.device.is_up:
                self.device.wire.abort()
            server.close()
            raise
        if not (self.device.is_up and self.server.is_up):
            self.abort()  # one went while the other came
            return
        for side in (self.device, self.server):
            side.flow.start()
        for wire in self.wires:
            wire.resume_reading()

    def reset(self) -> None:
        self.device.wire.arm_reset()
        self.abort()

    def close(self) -> None:
        for wire in self.wires:
            wire.close()

    kick = close

    def mute(self) -> None:
        self.muted = True
        self.server.wire.abort()

    def abort(self) -> None:
        """Cut both ends at once."""
        for wire in self.wires:
            wire.abort()

    # What the sides tell.

    def ended(self, side: Side) -> None:
        """One end sends no more; what it sent goes out before its end does."""
        self._eofs += 1
        if self.muted:
            self.abort()
        elif self._eofs == 2:
            self.close()
        else:
            side.other.wire.write_eof()

    def lost(self, side: Side, *, reset: bool) -> None:
        """One end is closed."""
        if not side.other.is_up:
            self._done(self)
        elif reset:
            side.other.wire.arm_reset()
            side.other.wire.abort()
        elif not (self.muted and side is self.server):
            side.other.wire.close()


def pair() -> tuple[socket.socket, socket.socket]:
    """Two sockets of this process, joined by TCP, so that a reset of one reaches the other; not blocking."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        one = socket.create_connection(listener.getsockname())
        while True:
            other, address = listener.accept()
            if address == one.getsockname():
                for each in (one, other):
                    each.setblocking(False)
                return one, other
            other.close()  # somebody else's
