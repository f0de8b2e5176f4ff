"""Leaves a service alone for a while that does not answer, so that nobody waits for it in vain. Pure."""

from collections.abc import Callable

_FIRST_S = 1.0
_MOST_S = 30.0


class Breaker:
    """After a failure nobody calls until a pause is over; then one does, and the others wait for its end.

    Pauses double from 1 s to 30 s, each with jitter. Times are seconds of one clock that does not go back.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self.pause_s = 0.0
        """From the last failure until the next try, about."""
        self._until_s = 0.0
        self._trying = False
        self.failing = False

    def closed_for_s(self, now_s: float) -> float:
        """As `wait_s`, for those who only want to know: seconds until somebody may try, 0 if now."""
        return max(0.0, self._until_s - now_s) if self.failing else 0.0

    def wait_s(self, now_s: float) -> float:
        """0: call now, and tell how it ended. Else the seconds until somebody may try."""
        wait_s = self.closed_for_s(now_s)
        if wait_s or not self.failing:
            return wait_s
        # This caller is the one that tries; if it never tells, the next may after as long again.
        self._trying = True
        self._until_s = now_s + self.pause_s
        return 0.0

    def failed(self, now_s: float) -> None:
        """A call failed."""
        if self.failing and not self._trying:
            return  # it was under way together with the one that failed first
        self.pause_s = min(_MOST_S, self.pause_s * 2 or _FIRST_S)
        self._until_s = now_s + self.pause_s * (0.5 + self._random())
        self.failing, self._trying = True, False

    def succeeded(self) -> None:
        """The service answered."""
        self.failing = self._trying = False
        self.pause_s = self._until_s = 0.0
