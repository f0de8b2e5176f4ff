"""How long a peer may be silent, by the computer's own clock: keep-alive, and the wait for a CONNECT."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable


class Watched(ABC):
    """The part of a connection that ends it when nothing comes. `_heard_at`: when the last came."""

    __slots__ = ("_heard_at", "_loop", "_silence_s", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._silence_s = 0.0

    @abstractmethod
    def fell_silent(self) -> None:
        """Nothing came for as long as was said."""

    def _expect(self, silence_s: float) -> None:
        """Call `fell_silent` once nothing came for `silence_s` seconds; 0 waits for ever."""
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
            self.fell_silent()

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, call)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
