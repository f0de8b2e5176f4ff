"""What a soak counts, in memory that does not grow with its hours. No clock, no sockets."""

import math
import statistics
from collections import Counter, deque

_STEP = 1.05
"""Seconds are told apart to within 5 %."""
_EDGES_S = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_ENDS = 20
"""So many samples of the heap count as early, and as many as late."""


class Spread:
    """Durations in seconds, as counts in bins; a quantile is its bin's upper edge."""

    def __init__(self) -> None:
        self._bins: Counter[int] = Counter()
        self.longest_s = 0.0

    def __len__(self) -> int:
        return self._bins.total()

    def add(self, seconds: float) -> None:
        """One more."""
        self._bins[math.ceil(math.log(max(seconds, 0.001), _STEP))] += 1
        self.longest_s = max(self.longest_s, seconds)

    def quantile_s(self, share: float) -> float:
        """What that share of them took at most; 0 if there are none."""
        seen = 0
        for number in sorted(self._bins):
            seen += self._bins[number]
            if seen >= share * len(self):
                return min(_STEP**number, self.longest_s)
        return 0.0

    def ranges(self) -> dict[str, int]:
        """How many fell between two edges."""
        counts = dict.fromkeys([*(f"<= {edge:g} s" for edge in _EDGES_S), "longer"], 0)
        for number, count in self._bins.items():
            # A bin belongs to where its middle lies.
            edge = next((edge for edge in _EDGES_S if _STEP ** (number - 0.5) <= edge), None)
            counts["longer" if edge is None else f"<= {edge:g} s"] += count
        return counts


class Arrivals:
    """Numbers 0, 1, 2... as they come in at a subscriber."""

    def __init__(self) -> None:
        self._next = 0
        self._missing: set[int] = set()
        self.doubled = self.out_of_order = 0

    @property
    def count(self) -> int:
        """How many different ones came."""
        return self._next - len(self._missing)

    def add(self, number: int) -> None:
        """One came: for the first time, again (which QoS 1 allows), or after a later one."""
        if number >= self._next:
            self._missing.update(range(self._next, number))
            self._next = number + 1
        elif number in self._missing:
            self._missing.remove(number)
            self.out_of_order += 1
        else:
            self.doubled += 1

    def lost(self, sent: int = 0) -> int:
        """How many are missing of the first `sent`, or of those before the last that came."""
        return len(self._missing) + max(0, sent - self._next)


class Heap:
    """Free bytes after a collection, sampled while a board lives."""

    def __init__(self) -> None:
        self._early: list[int] = []
        self._late: deque[int] = deque(maxlen=_ENDS)
        self.samples = 0
        self.lowest_bytes = 0

    def add(self, free_bytes: int) -> None:
        """One sample."""
        self.lowest_bytes = min(self.lowest_bytes, free_bytes) if self.samples else free_bytes
        self.samples += 1
        if len(self._early) < _ENDS:
            self._early.append(free_bytes)
        self._late.append(free_bytes)

    def ends_bytes(self) -> tuple[int, int]:
        """The median early and late: of the first and last 20 samples, or of two halves of fewer than 40."""
        size = min(_ENDS, self.samples // 2)
        if not size:
            return (self.lowest_bytes, self.lowest_bytes)
        return int(statistics.median(self._early[:size])), int(statistics.median(list(self._late)[-size:]))

    @property
    def drift_bytes(self) -> int:
        """How much less is free late than early; negative if it is more."""
        early, late = self.ends_bytes()
        return early - late
