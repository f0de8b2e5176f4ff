"""A transport in front of another one that holds back, slows and joins what is written. Nothing else."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from host_tools.twin.listening import arm_reset

_TICK_S = 0.02


class Wire(asyncio.Transport):
    """`gone` is called when the owner has closed it while bytes are still on their way: the wire then
    sends those, and closes, by itself."""

    def __init__(self, under: asyncio.Transport, gone: Callable[[], None]) -> None:
        super().__init__()
        self._under = under
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._queue: deque[bytes] = deque()
        self._ahead = b""
        self._stops = 0
        self._deaf = 0
        self._rate = 0.0
        self._drop_timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._ending = False
        self._ended = False
        self._reading = True
        self.on_empty: Callable[[], None] | None = None
        """Called when bytes had been held back, and the last of them are out."""
        self.tap: Callable[[bytes], None] | None = None
        """What has the bytes when they are to leave, and calls `put` and `put_back`."""

    # What a fault asks.

    def join(self, data: bytes, wait_ms: float) -> None:
        """Hold `data` back until more is written, and send both as one; alone after a while."""
        self._ahead += data
        self._loop.call_later(wait_ms / 1000, self._part)

    def drip(self, bytes_per_s: float) -> None:
        """From now on send no faster."""
        self._rate = bytes_per_s

    def stop_sending(self, seconds: float) -> Callable[[], None]:
        """Hold everything back; the function ends it, as `seconds` do, unless they are 0."""
        self._stops += 1
        return self._once(self._send_on, seconds)

    def stop_reading(self, seconds: float) -> Callable[[], None]:
        """Read nothing, so that the peer's bytes stay in the network; ended as above."""
        self._deaf += 1
        self._under.pause_reading()
        return self._once(self._read_on, seconds)

    def later(self, data: bytes, wait_ms: float) -> None:
        """Write `data` in a while; what is written in between goes first."""
        self._loop.call_later(wait_ms / 1000, self.write, data)

    def put(self, data: bytes) -> None:
        """Send at once, past everything."""
        if data and not self._under.is_closing():
            self._under.write(data)

    def put_back(self, data: bytes) -> None:
        """Make `data` what is sent next."""
        self._queue.appendleft(data)
        self._pump()

    def end_here(self) -> None:
        """Send the end of the stream, and nothing after it."""
        self._queue.clear()
        self._ended = True
        if self._under.is_closing():
            return
        if self._under.can_write_eof():
            self._under.write_eof()
        else:
            self._under.close()  # TLS has no half of an end

    def arm_reset(self) -> None:
        """Make its end a TCP reset."""
        if not self._under.is_closing():
            arm_reset(self._under.get_extra_info("socket"))

    # A transport, as its owner sees it.

    def write(self, data: Any) -> None:
        if self._closing or self._ended:
            return
        if self._ahead:
            data, self._ahead = self._ahead + data, b""
        if self._queue or self._stops or self._rate:
            self._queue.append(bytes(data))
            self._pump()
        else:
            self._emit(data)

    def can_write_eof(self) -> bool:
        return self._under.can_write_eof()

    def write_eof(self) -> None:
        self._part()
        self._ending = True
        self._pump()

    def close(self) -> None:
        if self._closing:
            return
        self._part()
        self._closing = True
        if self._queue or self._stops:
            self._loop.call_soon(self._gone)
        self._pump()

    def abort(self) -> None:
        self._closing = True
        self._queue.clear()
        self._under.abort()

    def is_closing(self) -> bool:
        return self._closing or self._under.is_closing()

    def pause_reading(self) -> None:
        self._reading = False
        self._under.pause_reading()

    def resume_reading(self) -> None:
        self._reading = True
        if not self._deaf:
            self._under.resume_reading()

    def is_reading(self) -> bool:
        return self._under.is_reading()

    def get_write_buffer_size(self) -> int:
        return self._under.get_write_buffer_size() + len(self._ahead) + sum(map(len, self._queue))

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._under.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._under.get_extra_info(name, default)

    # Inside.

    def _part(self) -> None:
        """Send what was held back to be joined."""
        if self._ahead:
            self.write(b"")

    def _send_on(self) -> None:
        self._stops -= 1
        self._pump()

    def _read_on(self) -> None:
        self._deaf -= 1
        if self._reading and not self._deaf:
            self._under.resume_reading()

    def _once(self, call: Callable[[], None], seconds: float) -> Callable[[], None]:
        left = [call]

        def end() -> None:
            if left:
                left.pop()()

        if seconds:
            self._loop.call_later(seconds, end)
        return end

    def _emit(self, data: bytes) -> None:
        if self.tap is not None:
            self.tap(bytes(data))
        else:
            self.put(data)

    def _pump(self) -> None:
        held = bool(self._queue)
        while self._queue and not self._is_held():
            if self._under.is_closing():
                self._queue.clear()
            elif self._rate:
                self._drop()
            else:
                self._emit(self._queue.popleft())
        if self._is_held():
            return
        if self._closing:
            self._under.close()
        elif self._ending and not self._ended:
            self.end_here()
        if held and self.on_empty is not None:
            self.on_empty()

    def _is_held(self) -> bool:
        return self._stops > 0 or self._drop_timer is not None

    def _drop(self) -> None:
        size = max(1, int(self._rate * _TICK_S))
        data = self._queue.popleft()
        if len(data) > size:
            self._queue.appendleft(data[size:])
        self._drop_timer = self._loop.call_later(len(data[:size]) / self._rate, self._dropped)
        self._emit(data[:size])

    def _dropped(self) -> None:
        self._drop_timer = None
        self._pump()
