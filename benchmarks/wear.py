"""What an outage costs the flash: blocks erased for 1,000 messages, ours beside a file for each message."""

from benchmarks import micropython
from benchmarks.figures import Figure
from benchmarks.plan import Plan

HOLD = 0.6


def measure(plan: Plan) -> list[Figure]:
    """Counted, not timed: the same each time."""
    figure = Figure("wear", "flash, 1,000 messages of outages of 40", "erases", less=True, hold=HOLD)
    for way, party in (("ours", "outbox"), ("file", "file for each")):
        plan.say(f"wear: {party}")
        figure.add(party, float(micropython.run("wear.py", [way], heap_wk=1024)))
    return [figure]
