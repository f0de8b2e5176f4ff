"""One day from beginning to end: model, wire, or both."""

from collections.abc import Callable
from typing import Any

from host_tools.interrupts import Interrupts
from host_tools.simulate import report as tolerances
from host_tools.simulate.day import model, report, wire
from host_tools.simulate.day.plan import Day
from host_tools.simulate.day.tally import HOUR_S, Tally
from host_tools.simulate.run import Run

Progress = Callable[[str], None]


def modelled(day: Day, progress: Progress) -> Run:
    """The day in simulated time."""
    return _run("model", model.run(day, lambda at_s: progress(f"{at_s // HOUR_S} h of the day, simulated")))


def real(day: Day, progress: Progress) -> Run:
    """The day with token server and twin; to be called in the main thread."""

    def tell(at_s: int, deliveries: int) -> None:
        progress(f"{at_s // HOUR_S} h of the day: {deliveries:,} deliveries")

    with Interrupts() as interrupts:
        return _run("real", wire.run(day, tell, interrupts.allowed))


def both(day: Day, progress: Progress) -> tuple[Run, Run, list[dict[str, Any]]]:
    """Real, then modelled, and how they compare."""
    one, other = real(day, progress), modelled(day, progress)
    return one, other, tolerances.comparison(one.facts, other.facts, report.AGREE)


def _run(how: str, tally: Tally) -> Run:
    return Run(report.of_day(how, tally), tally.timeline(), report.hours(tally))
