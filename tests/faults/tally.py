"""What a soak comes to, in memory that does not grow with its hours. No clock, no sockets."""

import math
import statistics
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

_STEP = 1.05
"""Seconds are told apart to within 5 %."""
_EDGES_S = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_ENDS = 20
"""So many samples of the heap count as early, and as many as late."""
_NAMED = 20
_DRIFT_MAX_BYTES = 1024
"""A first loss of its kind costs a device some bytes for ever, its counter."""


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


@dataclass
class Report:
    """All plays so far; several threads add to it."""

    seed: int
    took_s: float = 0.0
    plays: int = 0
    messages: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    resets: int = 0
    strikes: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    recoveries: Spread = field(default_factory=Spread)
    heaps: dict[str, Heap] = field(default_factory=dict)
    stranded: list[str] = field(default_factory=list)
    stranded_count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arrived(self, arrivals: Arrivals, sent: int = 0) -> None:
        """A play's numbers, once it is over."""
        self.messages += arrivals.count
        self.lost += arrivals.lost(sent)
        self.doubled += arrivals.doubled
        self.out_of_order += arrivals.out_of_order

    def strand(self, name: str) -> None:
        """A play that did not end in service; the first are named, all are counted."""
        self.stranded_count += 1
        if len(self.stranded) < _NAMED:
            self.stranded.append(name)

    @property
    def is_clean(self) -> bool:
        """Nothing lost, nothing out of order, no reset, everybody back in service, no heap that shrinks."""
        drifts = any(heap.drift_bytes > _DRIFT_MAX_BYTES for heap in self.heaps.values())
        return not (self.lost or self.out_of_order or self.resets or self.stranded_count or drifts)

    def facts(self) -> dict[str, Any]:
        """For a program."""
        quantiles = {
            f"{share:.0%}": round(self.recoveries.quantile_s(share), 3) for share in (0.5, 0.9, 0.99)
        }
        return {
            "seed": self.seed,
            "minutes": round(self.took_s / 60, 1),
            "plays": self.plays,
            "messages": self.messages,
            "lost": self.lost,
            "doubled": self.doubled,
            "out_of_order": self.out_of_order,
            "resets": self.resets,
            "faults": dict(self.strikes.most_common()),
            "causes": dict(self.causes.most_common()),
            "recoveries": len(self.recoveries),
            "recovery_s": {**quantiles, "longest": round(self.recoveries.longest_s, 3)},
            "recoveries_by_s": self.recoveries.ranges(),
            "heaps": {name: _heap_facts(heap) for name, heap in self.heaps.items()},
            "stranded": self.stranded_count,
            "stranded_first": self.stranded,
        }

    def lines(self) -> list[str]:
        """For a person."""
        facts = self.facts()
        times = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in facts["recovery_s"].items())
        return [
            f"seed {self.seed}, {facts['minutes']} minutes: plays {self.plays}, messages {self.messages}",
            f"lost {self.lost}, doubled {self.doubled}, "
            f"out of order {self.out_of_order}, resets {self.resets}",
            f"faults by kind, {self.strikes.total()} in all: {_listed(facts['faults'])}",
            f"losses of the link by cause: {_listed(facts['causes'])}",
            f"recoveries {len(self.recoveries)}: {times}",
            f"recoveries by time: {_listed(facts['recoveries_by_s'])}",
            *(_heap_line(name, heap) for name, heap in self.heaps.items()),
            f"did not end in service: {self.stranded_count or 'none'} {', '.join(self.stranded)}".rstrip(),
        ]


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items() if count) or "none"


def _heap_facts(heap: Heap) -> dict[str, int]:
    early, late = heap.ends_bytes()
    return {
        "samples": heap.samples,
        "early_bytes": early,
        "late_bytes": late,
        "drift_bytes": heap.drift_bytes,
        "lowest_bytes": heap.lowest_bytes,
    }


def _heap_line(name: str, heap: Heap) -> str:
    early, late = heap.ends_bytes()
    return (
        f"heap of {name}, which lived all the time: free {early} bytes early, {late} late, "
        f"drift {heap.drift_bytes}, lowest {heap.lowest_bytes} of {heap.samples} samples"
    )
