"""One run from beginning to end: model, wire, or both; everything is given back, also on Ctrl-C."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from host_tools.errors import ToolError
from host_tools.interrupts import Interrupts
from host_tools.simulate import duel, fleet, model, report, rivals
from host_tools.simulate.plan import Plan
from host_tools.simulate.service import Service
from host_tools.simulate.timeline import Timeline

Progress = Callable[[str], None]
_Told = TypeVar("_Told")


@dataclass(frozen=True)
class Run:
    """The figures, and what to draw."""

    facts: dict[str, Any]
    timeline: Timeline
    table: Sequence[str] = ()
    """Lines to show beside."""


def modelled_storm(plan: Plan, progress: Progress) -> Run:
    """The storm in simulated time."""

    def tell(at_ms: int, back: int) -> None:
        progress(f"{at_ms // 1000} s after the cut, simulated: {back:,} of {plan.devices:,} are back")

    timeline = model.storm(plan, tell)
    return Run(report.of_storm("model", plan, timeline), timeline)


def real_storm(plan: Plan, progress: Progress) -> Run:
    """The storm on the wire; `outage_s` and `connect_ms` in the facts are measured."""
    seen = _served(lambda service: fleet.storm(service, plan, progress))
    measured = replace(plan, outage_ms=seen.outage_ms, connect_ms=seen.connect_ms)
    return Run(report.of_storm("real", measured, seen.timeline), seen.timeline)


def both_storms(plan: Plan, progress: Progress) -> tuple[Run, Run, list[dict[str, Any]]]:
    """Real, then modelled with the outage and the connect time of the real one, and how they compare."""
    real = real_storm(plan, progress)
    outage_ms, connect_ms = round(real.facts["outage_s"] * 1000), real.facts["connect_ms"]
    modelled = modelled_storm(replace(plan, outage_ms=outage_ms, connect_ms=connect_ms), progress)
    return real, modelled, report.comparison(real.facts, modelled.facts)


def check_agreement(rows: list[dict[str, Any]]) -> None:
    """Raises ToolError that names the figures in which the two runs differ."""
    apart = [row["figure"] for row in rows if not row["agree"]]
    if apart:
        raise ToolError(
            "model and real run differ in " + ", ".join(apart),
            where="simulate",
            do="on a computer that is busy, try fewer --devices",
        )


def modelled_war(plan: Plan) -> Run:
    """The kick war in simulated time."""
    told = rivals.war(plan)
    return Run(report.of_war("model", plan, told), told.timeline)


def real_war(plan: Plan, progress: Progress) -> Run:
    """The kick war on the wire."""
    told = _served(lambda service: duel.war(service, plan, progress))
    return Run(report.of_war("real", plan, told), told.timeline)


def _served(use: Callable[[Service], _Told]) -> _Told:
    """With the twin's process there; to be called in the main thread."""
    with Interrupts() as interrupts, Service() as service, interrupts.allowed():
        return use(service)
