"""The storm on the wire: real connections of real logins to a twin, which is ended and started again."""

import asyncio
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

from host_tools.errors import MachineError
from host_tools.simulate.client import Device
from host_tools.simulate.plan import Plan
from host_tools.simulate.service import Service
from host_tools.simulate.timeline import Timeline

Progress = Callable[[str], None]
_ARRIVALS_PER_S = 500
_ALL_UP_S = 60.0
_SPARE_FILES = 100
_LOOK_S = 0.05
_NOTICED_S = 5.0


@dataclass(frozen=True)
class Seen:
    """What the fleet did after the cut; the ms that the server really was away, and that a connect took on
    average, until it was accepted or refused."""

    timeline: Timeline
    outage_ms: int
    connect_ms: int


class _Watch:
    """Enters what happens after the cut, and knows who is there."""

    def __init__(self, devices: int) -> None:
        self.timeline = Timeline(devices)
        self.up: set[str] = set()
        self.cut_s = inf
        self._armed = False
        self._gone: set[str] = set()
        self._taken_s = 0.0

    def arm(self) -> None:
        """The next loss is the cut. What is tried from then on counts."""
        self._armed = True
        self._gone = set(self.up)

    def accepted(self, device: Device, tried_s: float, at_s: float) -> None:
        client_id = device.login.client_id
        self.up.add(client_id)
        if tried_s >= self.cut_s:
            self.timeline.accepted[self._ms(tried_s)] += 1
            self._taken_s += at_s - tried_s
            if client_id in self._gone:
                self._gone.discard(client_id)
                self.timeline.back[self._ms(at_s)] += 1

    def refused(self, device: Device, tried_s: float, at_s: float) -> None:
        if tried_s >= self.cut_s:
            self.timeline.refused[self._ms(tried_s)] += 1
            self._taken_s += at_s - tried_s

    def lost(self, device: Device, at_s: float, cause: str, wait_ms: int) -> None:
        self.up.discard(device.login.client_id)
        if self._armed and at_s < self.cut_s:
            self.cut_s, self._armed = at_s, False

    def seen(self, outage_ms: int) -> Seen:
        """All of it, at the end."""
        connects = self.timeline.connects().total()
        return Seen(self.timeline, outage_ms, round(self._taken_s * 1000 / max(1, connects)))

    def _ms(self, at_s: float) -> int:
        return int((at_s - self.cut_s) * 1000)


def storm(service: Service, plan: Plan, progress: Progress = lambda _text: None) -> Seen:
    """Brings the fleet up, cuts it off, and watches it come back.

    Raises MachineError if this computer cannot hold so many connections.
    """
    _allow_files(plan.devices + _SPARE_FILES)
    return asyncio.run(_storm(service, plan, progress))


async def _storm(service: Service, plan: Plan, progress: Progress) -> Seen:
    watch = _Watch(plan.devices)
    devices = [
        Device(login, service.port, backoff, watch, plan.stood_ms)
        for login, backoff in zip(service.logins(plan.devices), plan.backoffs(), strict=True)
    ]
    with alive(devices):
        await until(
            lambda: len(watch.up) == plan.devices,
            plan.devices / _ARRIVALS_PER_S + _ALL_UP_S,
            lambda: progress(f"connecting: {len(watch.up)} of {plan.devices}"),
        )
        if len(watch.up) < plan.devices:
            raise MachineError(
                f"{len(watch.up)} of {plan.devices} devices got in",
                where="simulate",
                do="try fewer --devices",
            )
        return watch.seen(await _cut_and_watch(service, plan, watch, progress))


async def _cut_and_watch(service: Service, plan: Plan, watch: _Watch, progress: Progress) -> int:
    watch.arm()
    await asyncio.to_thread(service.cut)
    await until(lambda: watch.cut_s < inf, _NOTICED_S, lambda: None)
    await asyncio.sleep(watch.cut_s + plan.outage_ms / 1000 - time.monotonic())
    up_s = await asyncio.to_thread(service.up, plan.limit_per_s)
    timeline = watch.timeline
    await until(
        lambda: timeline.back_devices == plan.devices,
        plan.within_ms / 1000 - (up_s - watch.cut_s),
        lambda: progress(
            f"{time.monotonic() - watch.cut_s:.0f} s after the cut: {timeline.back_devices} "
            f"of {plan.devices} are back"
        ),
    )
    return int((up_s - watch.cut_s) * 1000)


@contextmanager
def alive(devices: list[Device]) -> Iterator[None]:
    """The devices' tasks, which come up one after the other; all are ended at the end."""
    tasks = [
        asyncio.ensure_future(device.live(number / _ARRIVALS_PER_S)) for number, device in enumerate(devices)
    ]
    try:
        yield
    finally:
        for task in tasks:
            if task.done():
                task.result()  # only a defect ends one; it is not hidden
            task.cancel()


async def until(done: Callable[[], bool], within_s: float, tell: Callable[[], None]) -> None:
    """Returns when `done`, or when the time is over."""
    end_s = time.monotonic() + within_s
    while not done() and time.monotonic() < end_s:
        tell()
        await asyncio.sleep(_LOOK_S)


def _allow_files(wanted: int) -> None:
    """Raise this process's limit of open files, which its children take over."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or wanted <= soft:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        raise MachineError(
            f"{wanted} open files are wanted, which this computer does not allow",
            where="simulate",
            do="try fewer --devices, or raise the limit (ulimit -Hn)",
        ) from None
