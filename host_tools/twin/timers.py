"""One place for everything that the twin does later by its clock, so that moving the clock is enough."""

import asyncio
import heapq
import itertools
from collections.abc import Callable

from host_tools.twin.clock import ManualClock

_MAX_SLEEP_S = 60.0
"""A clock that is set anew is looked at again after this long at most."""
_FEW = 64


class Timer:
    """Something to be called once; `cancel` calls it off, also when it was called already."""

    __slots__ = ("_timers", "call")

    def __init__(self, timers: "Timers", call: Callable[[], None]) -> None:
        self._timers = timers
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        if self.call is not None:
            self.call = None
            self._timers.cancelled()


class Timers:
    """Calls by a clock in seconds since 1970, on the running event loop, in the order of their times."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.loop = asyncio.get_running_loop()
        self._clock = clock
        self._heap: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._cancelled = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_s = 0.0
        if isinstance(clock, ManualClock):
            clock.attach(self)

    def __len__(self) -> int:
        """Calls to come, and some that were called off."""
        return len(self._heap)

    @property
    def next_s(self) -> float | None:
        """When the next call is due; None if there is none."""
        while self._heap and self._heap[0][2].call is None:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0][0] if self._heap else None

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call it once `seconds` have passed by the clock."""
        return self.at(self._clock() + seconds, call)

    def at(self, due_s: float, call: Callable[[], None]) -> Timer:
        """Call it at a time of the clock; one that has passed means soon."""
        timer = Timer(self, call)
        heapq.heappush(self._heap, (due_s, next(self._numbers), timer))
        if self._alarm is None or due_s < self._alarm_s:
            self._arm(due_s)
        return timer

    def fire(self) -> None:
        """Call what is due by now. A call that fails does not keep the others from theirs."""
        now_s = self._clock()
        while (next_s := self.next_s) is not None and next_s <= now_s:
            timer = heapq.heappop(self._heap)[2]
            call, timer.call = timer.call, None
            if call is not None:
                self._guarded(call)
        self._disarm()
        if next_s is not None:
            self._arm(next_s)

    def cancelled(self) -> None:
        """A timer was called off: those that lie days ahead must not pile up until then."""
        self._cancelled += 1
        if self._cancelled > _FEW and 2 * self._cancelled > len(self._heap):
            self._heap = [each for each in self._heap if each[2].call is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def stop(self) -> None:
        """Forget every call."""
        self._disarm()
        self._heap.clear()
        self._cancelled = 0
        if isinstance(self._clock, ManualClock):
            self._clock.detach(self)

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - what asyncio itself does with a callback's exception
            self.loop.call_exception_handler({"message": "a timer of the twin failed", "exception": error})

    def _arm(self, due_s: float) -> None:
        self._disarm()
        self._alarm_s = due_s
        sleep_s = min(max(due_s - self._clock(), 0.0), _MAX_SLEEP_S)
        self._alarm = self.loop.call_later(sleep_s, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        self.fire()

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
