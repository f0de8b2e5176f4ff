"""A clock that tests move by hand, in place of `time.time`."""

import asyncio
import threading
from typing import Protocol

_DEADLINE_S = 10.0


class Moved(Protocol):
    """Who wants to know that the clock moves: the timers of a running twin."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    @property
    def next_s(self) -> float | None: ...

    def fire(self) -> None: ...


class ManualClock:
    """Seconds since 1970 that pass only when told: `Twin(clock=clock)`, then `clock.advance(300)`.

    `advance` stops at each timer on its way and fires it at its own time, on the twin's event loop; when
    it returns they have fired. It may be called from any thread. What clients do over the network still
    takes real time, and so keep-alive and the wait for a CONNECT go by the computer's own clock.
    """

    def __init__(self, now_s: float = 1_800_000_000.0) -> None:
        self._now_s = now_s
        self._moved: list[Moved] = []

    def __call__(self) -> float:
        return self._now_s

    def attach(self, timers: Moved) -> None:
        """Fire these timers from now on."""
        self._moved.append(timers)

    def detach(self, timers: Moved) -> None:
        """Leave them alone again."""
        self._moved.remove(timers)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, 0 or more. Raises TimeoutError when a twin's loop does not answer."""
        end_s = self._now_s + seconds
        while (step := self._next(end_s)) is not None:
            self._now_s = max(self._now_s, step[0])
            _run(step[1])
        self._now_s = end_s

    def _next(self, end_s: float) -> tuple[float, Moved] | None:
        due = [(timers.next_s, timers) for timers in self._moved]
        ready = [(next_s, timers) for next_s, timers in due if next_s is not None and next_s <= end_s]
        return min(ready, key=lambda each: each[0], default=None)


def _run(timers: Moved) -> None:
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is timers.loop:
        timers.fire()
        return
    done = threading.Event()

    def fire() -> None:
        try:
            timers.fire()
        finally:
            done.set()

    timers.loop.call_soon_threadsafe(fire)
    if not done.wait(_DEADLINE_S):
        raise TimeoutError("the twin's event loop does not answer")
