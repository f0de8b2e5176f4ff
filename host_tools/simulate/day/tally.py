"""What came of a day, in the model or on the wire; all of it by the second of the day or the hour."""

from collections import Counter
from dataclasses import dataclass, field

from host_tools.simulate.day.plan import SLOT_MS, Day
from host_tools.simulate.timeline import WINDOW_MS, Timeline, peak

OUTCOMES = ("fresh", "degraded", "refused", "unanswered")
"""Of a device's request: tokens, tokens that are older than they should be, a no, and nobody there."""
HOUR_S = 3600


@dataclass
class Tally:
    """`calls` and `failed_calls` of ApplyToken by the ms of the day in which they were made."""

    day: Day
    calls: Counter[int] = field(default_factory=Counter)
    failed_calls: Counter[int] = field(default_factory=Counter)
    requests: dict[str, Counter[int]] = field(default_factory=lambda: {name: Counter() for name in OUTCOMES})
    """By outcome, then by the second."""
    late_devices: int = 0
    """Times that a device was without a good token although it had had one."""
    late_s: int = 0
    """How long those lasted, together."""

    def came(self, outcome: str, at_s: int) -> None:
        """A request ended so."""
        self.requests[outcome][at_s] += 1

    def late(self, expired_s: int, now_s: int) -> None:
        """A device had tokens that ended at `expired_s`; 0 for none. Both are of one clock."""
        if 0 < expired_s < now_s:
            self.late_devices += 1
            self.late_s += now_s - expired_s

    def deliveries(self) -> Counter[int]:
        """Answers with tokens, by the second."""
        return self.requests["fresh"] + self.requests["degraded"]

    def all_calls(self) -> Counter[int]:
        """Calls that the service answered, and those that it did not."""
        return self.calls + self.failed_calls

    def peak_calls(self, from_s: float = 0, to_s: float = float("inf")) -> int:
        """The most in any second, which touches one slot more than it has: calls come anywhere in a slot."""
        chosen = {at_ms: n for at_ms, n in self.all_calls().items() if from_s <= at_ms / 1000 < to_s}
        return peak(chosen, window_ms=WINDOW_MS + SLOT_MS)

    def timeline(self) -> Timeline:
        """For the plot."""
        return Timeline(self.day.devices, self.calls, self.failed_calls, what="ApplyToken calls")


def between(counts: Counter[int], from_s: float, to_s: float, unit_s: float = 1) -> int:
    """How many fell into that time; the counter's keys are of `unit_s` seconds."""
    return sum(count for at, count in counts.items() if from_s <= at * unit_s < to_s)
