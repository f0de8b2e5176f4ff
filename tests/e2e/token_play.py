"""A device in Token mode through hours that pass in seconds: all of the play share one time."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tools.demo.console import Said, parse
from host_tools.demo.token_journey import numbered
from host_tools.twin import Settings, TwinThread
from host_tools.twin.clock import ManualClock
from host_tools.vboard import VirtualBoard
from tests.e2e.device import GROUP, Device, Lines, registered
from tests.e2e.token_server import TokenServer
from tests.faults.play import TOPIC, Listener

# Seconds of everybody's time for each look at the console.
STEP_S = 2.0
LOOK_S = 0.05
CONFIG = {"retry_base_ms": 500, "retry_cap_ms": 4000, "retry_spread_ms": 0, "heartbeat_s": 3600}

APP = numbered(TOPIC, "devcred/settings", 3000)


@dataclass
class Play:
    """One device's run; `said` are its console's events so far, `numbers` what arrived of its messages."""

    twin: TwinThread
    server: TokenServer
    clock: ManualClock
    device: Device
    vboard: VirtualBoard
    lines: Lines
    listener: Listener
    said: list[Said] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    seen_s: float = field(default_factory=time.monotonic)

    def until(self, done: Callable[[], object], most_s: float = 40.0, step_s: float = STEP_S) -> None:
        """Let time pass, `step_s` for each look, until done; AssertionError after `most_s` of real time."""
        end_s = time.monotonic() + most_s
        while not done():
            assert time.monotonic() < end_s, [f"{each.name} {each.text}" for each in self.said]
            self.look()
            if step_s:
                self.pass_time(step_s)

    def pass_time(self, seconds: float) -> None:
        """For the twin, the application server and the board alike."""
        self.vboard.skip(seconds)
        self.clock.advance(seconds)

    def look(self) -> None:
        """What has been said and what has arrived in a short while."""
        started_s = time.monotonic()
        for line in self.lines(LOOK_S):
            said = parse(line, time.monotonic())
            if said is not None:
                self.said.append(said)
        while not self.listener.numbers.empty():
            self.numbers.append(self.listener.numbers.get())
        time.sleep(max(0.0, LOOK_S - (time.monotonic() - started_s)))
        now_s = time.monotonic()
        self.clock.advance(now_s - self.seen_s)
        self.seen_s = now_s

    def count(self, name: str, text: str = "") -> int:
        """How often the console said so."""
        return sum(each.name == name and text in each.text for each in self.said)

    def losses(self) -> list[str]:
        """The causes of all losses so far."""
        return [each.value("cause") for each in self.said if each.name in ("lost", "refused")]

    def settle(self) -> None:
        """Until everything that was published up to now has arrived, in order and without a gap."""
        seen = len(self.numbers)
        self.until(lambda: len(self.numbers) > seen + 3)
        self.check_numbers()

    def check_numbers(self) -> None:
        """No message is lost, and none overtakes another."""
        once = list(dict.fromkeys(self.numbers))
        assert once == list(range(len(once))), once


@contextlib.contextmanager
def playing(
    folder: Path,
    *,
    board_id: str = "ESP32_GENERIC",
    settings: Settings | None = None,
    mode: str = "asked for",
    life_s: int = 70,
    app: bytes = APP,
    config: dict[str, object] | None = None,
    prepare: Callable[[TwinThread, TokenServer], None] = lambda twin, server: None,
    served_by: Callable[..., Any] = TokenServer,
    change: Callable[[Device], object] = lambda device: None,
) -> Iterator[Play]:
    """A twin, an application server, a subscriber, and a board that is on."""
    clock = ManualClock(time.time())
    with (
        TwinThread(
            groups=(GROUP,), topics=("devcred", "other"), clock=clock, settings=settings or Settings()
        ) as twin,
        served_by(twin, clock, life_s=life_s) as server,
    ):
        prepare(twin, server)
        device = Device(
            twin,
            "tokens",
            folder,
            board_id=board_id,
            mode=mode,
            config=dict(CONFIG) | (config or {}),
            tokens=server,
        )
        device.files["/app.py"] = app
        change(device)
        own = registered(twin, f"{GROUP}@@@listener").for_device()
        with Listener(own, twin.mqtt_port, device.client_id) as listener, device.running() as on:
            yield Play(twin, server, clock, device, *on, listener)
