"""What a soak came to, for a person and for a program."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.tally import Arrivals, Heap, Spread

_NAMED = 20
_DRIFT_MAX_BYTES = 1024
"""A first loss of its kind costs a device some bytes for ever, its counter."""


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
