"""The chip's watchdog, as seen from outside of it: what starts it, feeds it, and when it bites."""

import math

# The device reports at most this many feedings per timeout, and the bite waits that much longer for it.
FEEDS_PER_TIMEOUT = 20


class Watchdog:
    """Time is passed in, in seconds of host monotonic time. Once started it stops only with clear(), a hard
    reset.

    A periodic machine.Timer counts as feeding: its callback cannot run in the stand-in (see
    device/machine.py), and a timer that feeds is what such a timer beside a watchdog is for.
    """

    def __init__(self) -> None:
        self._timeout_s = 0.0
        self._fed_s = 0.0
        self._timers: set[str] = set()

    def start(self, timeout_ms: int, now_s: float) -> None:
        self._timeout_s, self._fed_s = timeout_ms / 1000 * (1 + 1 / FEEDS_PER_TIMEOUT), now_s

    def feed(self, now_s: float) -> None:
        self._fed_s = now_s

    def timer(self, timer_id: str, period_ms: int, now_s: float) -> None:
        """A periodic timer runs (period above 0) or has stopped."""
        if period_ms:
            self._timers.add(timer_id)
        elif timer_id in self._timers:
            self._timers.remove(timer_id)
            self._fed_s = now_s

    def timers_stopped(self, now_s: float) -> None:
        """A soft reset stops timers and leaves the watchdog running."""
        if self._timers:
            self._timers.clear()
            self._fed_s = now_s

    def clear(self) -> None:
        self._timeout_s = 0.0
        self._timers.clear()

    @property
    def deadline_s(self) -> float:
        return self._fed_s + self._timeout_s if self._timeout_s and not self._timers else math.inf
