"""What a run comes to, and whether two runs agree."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from devcred import causes
from host_tools.simulate.plan import Plan
from host_tools.simulate.rivals import Rival, War
from host_tools.simulate.timeline import Timeline, peak

PERCENTS = (50, 90, 99, 100)
_MINUTE_MS = 60_000
_WAITS = 8
"""So many of the last waits are shown."""


def of_storm(how: str, plan: Plan, timeline: Timeline) -> dict[str, Any]:
    """The figures of one run; times in seconds from the cut on, None for what did not come to pass."""
    connects = timeline.connects()
    return {
        "run": how,
        "devices": plan.devices,
        "seed": plan.seed,
        "base_ms": plan.policy.base_ms,
        "cap_ms": plan.policy.cap_ms,
        "spread_ms": plan.policy.spread_ms,
        "limit_per_s": plan.limit_per_s,
        "outage_s": plan.outage_ms / 1000,
        "connect_ms": plan.connect_ms,
        "peak_connects_per_s": peak(connects),
        "peak_connects_per_s_once_up": peak(connects, from_ms=plan.outage_ms),
        "peak_accepted_per_s": peak(timeline.accepted),
        **{f"back_{percent}_s": _seconds(timeline.time_back_ms(percent)) for percent in PERCENTS},
        "back": timeline.back_devices,
        "connects": connects.total(),
        "refused": timeline.refused.total(),
    }


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


@dataclass(frozen=True)
class Tolerance:
    """Two values agree that differ by no more than `share` of the larger, or by no more than `least`."""

    share: float
    least: float

    def __str__(self) -> str:
        return f"{self.share:.0%} or {self.least:g}"

    def holds(self, one: float, other: float) -> bool:
        return abs(one - other) <= max(self.least, self.share * max(one, other))


AGREE: dict[str, Tolerance] = {
    "peak_connects_per_s": Tolerance(0.15, 10),
    "peak_connects_per_s_once_up": Tolerance(0.15, 10),
    "back_50_s": Tolerance(0.10, 0.5),
    "back_90_s": Tolerance(0.10, 0.5),
    "back_99_s": Tolerance(0.20, 1.0),
    "connects": Tolerance(0.10, 20),
}
"""The last device's time is not among them: under a limit one refusal more or less decides it."""


def comparison(
    real: dict[str, Any], model: dict[str, Any], agree: dict[str, Tolerance] = AGREE
) -> list[dict[str, Any]]:
    """One row for each figure of `agree`: both values, and whether they do."""
    rows = []
    for name, tolerance in agree.items():
        one, other = real[name], model[name]
        holds = one is not None and other is not None and tolerance.holds(one, other)
        rows.append(
            {"figure": name, "real": one, "model": other, "tolerance": str(tolerance), "agree": holds}
        )
    return rows


def of_war(how: str, plan: Plan, war: War) -> dict[str, Any]:
    """The figures of a kick war; times in seconds since the second device came."""
    connects = war.timeline.connects()
    later_ms = max(0, plan.within_ms - _MINUTE_MS)
    later = sum(count for at_ms, count in connects.items() if at_ms >= _MINUTE_MS)
    named = [at_ms for rival in war.rivals for at_ms, cause, _ in rival.losses if cause == causes.KICKED]
    return {
        "run": how,
        "seed": plan.seed,
        "base_ms": plan.policy.base_ms,
        "cap_ms": plan.policy.cap_ms,
        "spread_ms": plan.policy.spread_ms,
        "slow_ms": plan.policy.slow_ms,
        "for_s": plan.within_ms / 1000,
        "connects": connects.total(),
        "peak_connects_per_s": peak(connects),
        "connects_first_minute": connects.total() - later,
        "connects_per_minute_later": round(later * _MINUTE_MS / later_ms, 2) if later_ms else None,
        "first_kicked_s": _seconds(min(named, default=None)),
        **{f"{rival.name}_losses": _by_cause(rival) for rival in war.rivals},
        **{f"{rival.name}_waits_ms": [wait for _, _, wait in rival.losses[-_WAITS:]] for rival in war.rivals},
    }


def _by_cause(rival: Rival) -> dict[str, int]:
    return dict(Counter(cause for _, cause, _ in rival.losses))
