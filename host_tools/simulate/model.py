"""The storm in simulated time: the shipped policy, no sockets, a million devices in seconds.

Left out: the network. A connect is judged in the ms in which it is made, and its outcome is known
`connect_ms` later, the same for all; on the wire that time varies, and grows where the server is busy.
"""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from devcred import causes, retry
from host_tools.simulate.limiter import BUSY, Limiter
from host_tools.simulate.plan import Plan
from host_tools.simulate.timeline import Timeline

Progress = Callable[[int, int], None]
"""Told once a second of the run: its ms, and the devices that are back."""
_TELL_MS = 1000

# A queue sorted by time would cost more than all the rest: delays are whole ms, so a list for each ms does.
_Due = defaultdict[int, list[retry.Backoff]]


def storm(plan: Plan, progress: Progress = lambda _at_ms, _back: None) -> Timeline:
    """All devices lose their links at 0 ms; how they come back."""
    timeline = Timeline(plan.devices)
    limiter = Limiter(plan.limit_per_s)
    with no_garbage():
        due = _cut(plan)
        back = at_ms = 0
        while due and at_ms <= plan.within_ms:
            if at_ms in due:
                back += _pass_ms(at_ms, due, timeline, limiter, plan)
            if at_ms % _TELL_MS == 0:
                progress(at_ms, back)
            at_ms += 1
    return timeline


def _cut(plan: Plan) -> _Due:
    due: _Due = defaultdict(list)
    for device in plan.backoffs():
        cause = device.lost(causes.CLOSED, plan.stood_ms)
        due[device.delay_ms(cause)].append(device)
    return due


def _pass_ms(at_ms: int, due: _Due, timeline: Timeline, limiter: Limiter, plan: Plan) -> int:
    """One ms of the run; how many devices the server took in it."""
    down, known_ms = at_ms < plan.outage_ms, at_ms + plan.connect_ms
    cause = causes.NO_SERVER if down else BUSY
    accepted = refused = 0
    # A delay of 0 puts a device into the list that is being read, and it is read too.
    for device in due[at_ms]:
        if not down and limiter.admits(at_ms):
            accepted += 1
        else:
            refused += 1
            due[known_ms + device.delay_ms(device.lost(cause, None))].append(device)
    del due[at_ms]
    if accepted:
        timeline.accepted[at_ms] = timeline.back[known_ms] = accepted
    if refused:
        timeline.refused[at_ms] = refused
    return accepted


@contextmanager
def no_garbage() -> Iterator[None]:
    """Without the collector of cycles: there are none here, and it would look at each device again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
