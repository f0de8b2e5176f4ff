"""Two devices with one client ID on the wire, against a twin that closes the older link."""

import asyncio
import time

from host_tools.simulate.client import Device
from host_tools.simulate.fleet import Progress, alive, until
from host_tools.simulate.plan import Plan
from host_tools.simulate.rivals import War
from host_tools.simulate.service import Service

_UP_S = 10.0


class _Watch:
    """Enters what happens from `begin` on."""

    def __init__(self) -> None:
        self.war = War()
        self.sides: list[Device] = []
        self.up = False
        self._begin_s = float("inf")

    def begin(self) -> None:
        self._begin_s = time.monotonic()

    def accepted(self, device: Device, tried_s: float, at_s: float) -> None:
        self.up = True
        if tried_s >= self._begin_s:
            self.war.connected(self._side(device), self._ms(tried_s))

    def refused(self, device: Device, tried_s: float, at_s: float) -> None:
        self.war.timeline.refused[self._ms(tried_s)] += 1

    def lost(self, device: Device, at_s: float, cause: str, wait_ms: int) -> None:
        if at_s >= self._begin_s:
            self.war.lost(self._side(device), self._ms(at_s), cause, wait_ms)

    def _side(self, device: Device) -> int:
        return 0 if device is self.sides[0] else 1

    def _ms(self, at_s: float) -> int:
        return int((at_s - self._begin_s) * 1000)


def war(service: Service, plan: Plan, progress: Progress = lambda _text: None) -> War:
    """The first is connected; the second comes; what happens in `plan.within_ms`."""
    return asyncio.run(_war(service, plan, progress))


async def _war(service: Service, plan: Plan, progress: Progress) -> War:
    watch = _Watch()
    [login] = service.logins(1)
    first, second = (Device(login, service.port, backoff, watch) for backoff in plan.backoffs())
    first.stood_ms = plan.stood_ms
    watch.sides = [first, second]
    with alive([first]):
        await until(lambda: watch.up, _UP_S, lambda: progress("the first connects"))
        watch.begin()
        with alive([second]):
            timeline = watch.war.timeline
            await until(
                lambda: False,
                plan.within_ms / 1000,
                lambda: progress(f"{timeline.end_ms / 1000:.0f} s: {timeline.accepted.total()} connects"),
            )
    return watch.war
