"""A plain TCP connection on an event loop, by `add_reader` and `add_writer`.

asyncio's own transport costs a broker more than the packets do: for each connection a task, a future and two
look-ups of addresses, and room for 256 KiB at each read. What is left out of it: `write_eof` and `sendfile`.
"""

import asyncio
import socket
from typing import Any

_READ_BYTES = 1 << 16
_HIGH_BYTES, _LOW_BYTES = 1 << 16, 1 << 14


class TcpTransport(asyncio.Transport):
    """Calls its protocol as asyncio's transports do; `connection_made` while it is made."""

    __slots__ = (
        "_closing",
        "_fd",
        "_high_bytes",
        "_loop",
        "_low_bytes",
        "_out",
        "_paused",
        "_protocol",
        "_reading",
        "_sock",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: asyncio.Protocol
    ) -> None:
        self._loop = loop
        self._sock: socket.socket | None = sock
        self._fd = sock.fileno()
        self._protocol = protocol
        self._out: bytearray | None = None
        self._closing = self._reading = self._paused = False
        self._high_bytes, self._low_bytes = _HIGH_BYTES, _LOW_BYTES
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        protocol.connection_made(self)
        self.resume_reading()

    # Reading.

    def is_reading(self) -> bool:
        return self._reading

    def pause_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def resume_reading(self) -> None:
        if not (self._reading or self._closing):
            self._reading = True
            self._loop.add_reader(self._fd, self._readable)

    def _readable(self) -> None:
        if self._sock is None:
            return
        try:
            data = self._sock.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        try:
            self._hand_on(data)
        except Exception as error:  # noqa: BLE001 - as asyncio does: it ends this connection and no other
            self._fail(error)

    def _hand_on(self, data: bytes) -> None:
        if data:
            self._protocol.data_received(data)
        elif self._protocol.eof_received():
            self.pause_reading()  # nothing more will come, yet it wants to write
        else:
            self.close()

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, OSError):
            message = "Fatal error: the protocol failed on what came in."
            context = {"message": message, "exception": error, "transport": self, "protocol": self._protocol}
            self._loop.call_exception_handler(context)
        self._end(error)

    # Writing.

    def write(self, data: Any) -> None:
        if self._closing or not data:
            return
        if self._out:
            self._out += data
        else:
            self._send(data)
        if not self._paused and self.get_write_buffer_size() > self._high_bytes:
            self._paused = True
            self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        return len(self._out) if self._out else 0

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low_bytes, self._high_bytes

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high_bytes = _HIGH_BYTES if high is None else high
        self._low_bytes = self._high_bytes // 4 if low is None else low

    def can_write_eof(self) -> bool:
        return False

    def _send(self, data: Any) -> None:
        assert self._sock is not None
        try:
            count = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            count = 0
        except OSError as error:
            self._end(error)
            return
        if count < len(data):
            self._out = bytearray(memoryview(data)[count:])
            self._loop.add_writer(self._fd, self._writable)

    def _writable(self) -> None:
        if self._sock is None or not self._out:
            return
        try:
            del self._out[: self._sock.send(self._out)]
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if self._paused and len(self._out) <= self._low_bytes:
            self._paused = False
            self._protocol.resume_writing()
        if not self._out:
            self._loop.remove_writer(self._fd)
            if self._closing:
                self._end(None)

    # The end.

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """After what was written; the protocol hears of it later."""
        if not self._closing:
            self.pause_reading()
            self._closing = True
            if not self._out:
                self._end(None)

    def abort(self) -> None:
        """At once; what was not sent is lost."""
        self._end(None)

    def _end(self, error: Exception | None) -> None:
        self.pause_reading()
        if self._out:
            self._loop.remove_writer(self._fd)
        self._closing, self._out = True, None
        if self._sock is not None:
            self._loop.call_soon(self._lost, error)

    def _lost(self, error: Exception | None) -> None:
        if self._sock is None:
            return
        sock, self._sock = self._sock, None
        try:
            self._protocol.connection_lost(error)
        finally:
            sock.close()

    # What else asyncio's have.

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if self._sock is None:
            return default
        if name == "socket":
            return self._sock
        look = {"peername": self._sock.getpeername, "sockname": self._sock.getsockname}.get(name)
        try:
            return look() if look else default
        except OSError:
            return default
