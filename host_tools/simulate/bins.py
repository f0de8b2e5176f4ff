"""A timeline cut into bars of equal, round width: what both plots draw."""

from collections.abc import Sequence
from dataclasses import dataclass

from host_tools.simulate.timeline import Timeline

_WIDTHS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_WIDTHS_MS = [round(width_s * 1000) for width_s in _WIDTHS_S]


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
