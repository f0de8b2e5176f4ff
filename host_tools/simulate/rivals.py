"""Two devices with one client ID, in simulated time: each login ends the other's link."""

from dataclasses import dataclass, field

from devcred import causes
from host_tools.simulate.plan import Plan
from host_tools.simulate.timeline import Timeline

NAMES = ("first", "second")
"""The one that was there, and the one that came."""


@dataclass
class Rival:
    """What one of the two went through; times are ms since the second came."""

    name: str
    connects: list[int] = field(default_factory=list)
    losses: list[tuple[int, str, int]] = field(default_factory=list)
    """(when, cause, the wait that followed in ms)"""


@dataclass
class War:
    """Both sides, and all connects in one line of time."""

    rivals: tuple[Rival, Rival] = field(default_factory=lambda: (Rival(NAMES[0]), Rival(NAMES[1])))
    timeline: Timeline = field(default_factory=lambda: Timeline(2))

    def connected(self, side: int, at_ms: int) -> None:
        """A login was accepted."""
        self.rivals[side].connects.append(at_ms)
        self.timeline.accepted[at_ms] += 1

    def lost(self, side: int, at_ms: int, cause: str, wait_ms: int) -> None:
        """A link ended, or a connect failed."""
        self.rivals[side].losses.append((at_ms, cause, wait_ms))


def war(plan: Plan) -> War:
    """For `plan.within_ms`; the first had been connected for `plan.stood_ms` when the second came.

    At any moment one holds the link and the other waits, so there is one next event.
    """
    told = War()
    backoffs = list(plan.backoffs())
    holder, since_ms, at_ms = 0, -plan.stood_ms, 0
    while at_ms <= plan.within_ms:
        told.connected(1 - holder, at_ms)
        cause = backoffs[holder].lost(causes.CLOSED, at_ms - since_ms)
        wait_ms = backoffs[holder].delay_ms(cause)
        told.lost(holder, at_ms, cause, wait_ms)
        holder, since_ms, at_ms = 1 - holder, at_ms, at_ms + wait_ms
    return told
