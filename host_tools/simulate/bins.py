"""A timeline cut into bars of equal, round width: what both plots draw."""

from collections.abc import Sequence
from dataclasses import dataclass

from host_tools.simulate.timeline import Timeline

_WIDTHS_MS = (
    100,
    200,
    500,
    1000,
    2000,
    5000,
    10_000,
    20_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    1_800_000,
    3_600_000,
)


@dataclass(frozen=True)
class Bars:
    """Connects per second, accepted and refused, in each `width_ms` from 0 on."""

    width_ms: int
    rates: Sequence[tuple[float, float]]

    @property
    def top(self) -> float:
        """The highest bar; never 0."""
        return max((sum(pair) for pair in self.rates), default=0) or 1.0


def bars(timeline: Timeline, most: int) -> Bars:
    """At most so many bars, the thinnest that fit."""
    fitting = (width for width in _WIDTHS_MS if timeline.end_ms // width < most)
    width_ms = next(fitting, timeline.end_ms // most + 1)
    per_s = 1000 / width_ms
    return Bars(width_ms, [(one * per_s, other * per_s) for one, other in timeline.bins(width_ms)])
