"""A device that lives through random faults for as long as a soak lasts, and tells how its heap does."""

import random
import time
from collections.abc import Callable
from pathlib import Path

from host_tools.demo.console import Said, parse
from host_tools.twin import TwinThread
from tests.e2e.device import GROUP, Device, registered
from tests.faults.play import CONFIG, TOPIC, Listener, Outcome, aimed
from tests.faults.report import Report
from tests.faults.rows import ROWS, Row, at
from tests.faults.seeded import strikes
from tests.faults.tally import Arrivals, Heap

# Longer than the slowest row needs to strike, which waits for a ping.
_STRIKE_S = 25.0
_SETTLED_S = 90.0
_SETTLED_MESSAGES = 3
# Seven seconds with a message each half, seven of silence, in which pings go; in the latter it tells, three
# times, what is free after a collection.
APP = b"""
import gc
import time

number = slot = 0
due_ms = time.ticks_ms()

def loop(agent):
    global number, slot, due_ms
    if time.ticks_diff(time.ticks_ms(), due_ms) < 0:
        return
    due_ms = time.ticks_add(time.ticks_ms(), 500)
    slot = (slot + 1) %% 28
    if slot < 14:
        if agent.publish("%s", {"number": number}):
            number += 1
    elif slot in (19, 23, 27) and agent.online():
        gc.collect()
        print("devcred 0 heap free=%%d" %% gc.mem_free())
""" % TOPIC.encode()


class Life:
    """One board, its twin and its subscriber. `stopped` ends it at once; `over` has it settle first."""

    def __init__(
        self, report: Report, board_id: str, chance: random.Random, stopped: Callable[[], bool]
    ) -> None:
        self._report = report
        self._board_id = board_id
        self._chance = chance
        self._stopped = stopped
        self._arrivals = Arrivals()
        self._outcome = Outcome()
        self._heap = Heap()

    def live(self, folder: Path, over: Callable[[], bool]) -> None:
        """From power-on to the end of the soak; then the faults stop, and it has to settle."""
        self._report.heaps[self._board_id] = self._heap
        folder.mkdir()
        with TwinThread(groups=(GROUP,)) as twin:
            device = Device(twin, "lived", folder, board_id=self._board_id, config=dict(CONFIG))
            device.files["/app.py"] = APP
            own = registered(twin, f"{GROUP}@@@listener").for_device()
            with Listener(own, twin.mqtt_port, device.client_id) as listener, device.running() as on:
                self._listener, (self._vboard, self._lines) = listener, on
                while not (over() or self._stopped()):
                    self._suffer(twin, device.client_id)
                settled = self._settles()
                self._report_end(settled)

    def _suffer(self, twin: TwinThread, client_id: str) -> None:
        """One fault more: until it has struck, and for a while of its own."""
        row = self._chance.choice(ROWS)
        for fault in _with_a_way_in(row):
            twin.faults.add(**aimed(fault, client_id), nth=self._chance.randint(1, 2))
        end_s = time.monotonic() + _STRIKE_S
        self._turns(lambda: all(each.over for each in twin.faults.list()) or time.monotonic() > end_s)
        self._rest(self._chance.uniform(0, 4))
        with self._report.lock:
            self._report.strikes += strikes(twin.faults.list())
        twin.faults.clear()
        self._rest(self._chance.uniform(0, 4))

    def _settles(self) -> bool:
        before, end_s = self._arrivals.count, time.monotonic() + _SETTLED_S

        def back() -> bool:
            return self._outcome.online and self._arrivals.count >= before + _SETTLED_MESSAGES

        self._turns(lambda: back() or time.monotonic() > end_s)
        return back()

    def _report_end(self, settled: bool) -> None:
        with self._report.lock:
            self._report.plays += 1
            self._report.arrived(self._arrivals)
            if not (settled or self._stopped()):
                self._report.strand(f"lived-{self._board_id}")

    def _rest(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        self._turns(lambda: time.monotonic() > end_s)

    def _turns(self, done: Callable[[], bool]) -> None:
        while not (done() or self._stopped()):
            for line in self._lines(0.05):
                self._hear(parse(line, time.monotonic()))
            while not self._listener.numbers.empty():
                self._arrivals.add(self._listener.numbers.get())
            self._hand_on()

    def _hear(self, said: Said | None) -> None:
        if said is not None and said.name == "heap":
            self._heap.add(int(said.value("free")))
        self._outcome.note(said)

    def _hand_on(self) -> None:
        """What has come goes to the report at once, so that nothing piles up here."""
        outcome, report = self._outcome, self._report
        resets = sum(event.kind == "reset" for event in self._vboard.take_events())
        with report.lock:
            report.resets += resets
            report.causes.update(outcome.causes)
            for seconds in outcome.recoveries_s:
                report.recoveries.add(seconds)
        outcome.causes.clear()
        outcome.recoveries_s.clear()


def _with_a_way_in(row: Row) -> list[dict[str, object]]:
    """The row's faults; where they wait for a new connection, what ends the present one before."""
    waits = any(fault["where"] in ("accept", "hello", "connack") for fault in row.faults)
    return [*row.faults, *([at("in", "close", packet="PUBLISH")] if waits else [])]
