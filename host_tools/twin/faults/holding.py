"""Holding something back until a time has passed or the fault that asked for it is removed."""

import asyncio
from collections.abc import Callable

from host_tools.twin.faults.book import Decision
from host_tools.twin.faults.wire import Wire

_ANSWER_S = 5.0


def hold(
    decision: Decision,
    seconds: float,
    stops: list[Callable[[], None]],
    then: Callable[[], None] | None = None,
) -> None:
    """End `stops`, then call `then`, once: after `seconds`, unless 0, or when the fault is removed."""
    loop = asyncio.get_running_loop()
    left = list(stops)
    forget: list[Callable[[], None]] = []

    def go_on() -> None:
        for each in forget:
            each()
        ends, left[:] = list(left), []
        for each in ends:
            each()
        if ends and then is not None:
            then()

    if seconds:
        loop.call_later(seconds, go_on)
    forget.append(decision.at_end(lambda: run_on(loop, go_on)))


def hole(decision: Decision, *wires: Wire, then: Callable[[], None] | None = None) -> None:
    """Let nothing through, either way, for the fault's `hold_s`; what was sent meanwhile comes then."""
    stops = [stop(0) for wire in wires for stop in (wire.stop_sending, wire.stop_reading)]
    hold(decision, decision.fault.hold_s, stops, then)


def run_on(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Run `call` on a loop, and be back once it is done, whichever thread asks; what it raises comes through.

    A loop that has ended has nothing left to run it for.
    """
    try:
        inside = asyncio.get_running_loop() is loop
    except RuntimeError:
        inside = False
    if inside:
        call()
    elif loop.is_running():
        asyncio.run_coroutine_threadsafe(_called(call), loop).result(_ANSWER_S)


async def _called(call: Callable[[], None]) -> None:
    call()
