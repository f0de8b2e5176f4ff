"""A device whose time server is wrong, silent or forged says so where that is the cause, and comes back.

One board of each kind runs through all of it, each against a twin of its own. The tests hold on any day: all
they need is a computer whose clock is later than the agent's build date, by minutes.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from devcred import causes
from host_tools.cloud import messages
from host_tools.demo.console import Console, Said
from host_tools.twin import TwinThread
from host_tools.vboard import Network, VirtualBoard
from tests.e2e.device import GROUP, Device
from tests.e2e.side_by_side import on_benches

BOOT_S = 15.0
NAMED_S = 10.0
BACK_S = 10.0
BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")
YEAR_S = 365 * 86_400
# Beyond the end of every certificate, and before every build date.
FAR_AHEAD_S, FAR_BEHIND_S = 40 * YEAR_S, -30 * YEAR_S
CONFIG: dict[str, object] = {"retry_cap_ms": 1000, "refused_retry_ms": 1000, "outbox_age_s": 60}
# Moves the board's clock by so many seconds: time that passes, as far as the agent can tell. And publishes a
# message whenever the link has gone.
APP = b"""
import machine, time

told = False

def wind(topic, payload):
    t = time.gmtime(time.time() + int(payload))
    machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))
    print("devcred 0 wound")

def setup(agent):
    agent.subscribe("devcred/wind", wind)

tell = iter(["listening"])  # the first loop comes after the subscription

def loop(agent):
    global told
    for word in tell:
        print("devcred 0", word)
    if not agent.online() and not told:
        agent.publish("devcred/gone", {})
    told = not agent.online()
"""


@dataclass
class Bench:
    device: Device
    board: VirtualBoard
    console: Console
    lines: list[str]  # all that the console has shown

    @property
    def network(self) -> Network:
        return self.board.network

    def restart(self) -> None:
        """Power off and on: the clock is unset."""
        self.lines.clear()
        self.board.power_cycle()

    def clock_by(self, how: str) -> None:
        assert self.console.expect("clock", BOOT_S).value("by") == how

    def lost(self, cause: str) -> Said:
        """The next loss, which must be of this cause and say so in words."""
        said = self.console.expect("lost", NAMED_S)
        assert said.value("cause") == cause
        assert said.text.endswith(causes.text(cause))
        return said

    def in_service(self, published: str = "telemetry") -> None:
        self.console.expect("connack", BACK_S)
        while self.console.expect("published", BACK_S).value("topic") != f"devcred/{published}":
            pass

    def in_service_at_once(self) -> None:
        """Since the restart nothing went wrong."""
        self.in_service()
        assert not [line for line in self.lines if " lost " in line]

    def log_in_again(self, published: str = "telemetry") -> list[str]:
        """What the console shows from the end of one link until the next has published this."""
        self.lines.clear()
        messages.close_connection(self.device.cloud, self.device.client_id)
        self.lost("closed")
        self.in_service(published)
        return list(self.lines)


def noting(lines: Callable[[float], Iterator[str]], noted: list[str]) -> Callable[[float], Iterator[str]]:
    def read(within_s: float) -> Iterator[str]:
        for line in lines(within_s):
            noted.append(line)
            yield line

    return read


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Bench]]:
    with ExitStack() as stack:
        made = []
        for board_id in BOARDS:
            twin = stack.enter_context(TwinThread(groups=(GROUP,)))
            name = f"clock-{board_id}"
            device = Device(twin, name, tmp_path_factory.mktemp(name), board_id, config=CONFIG)
            device.files["/app.py"] = APP
            board, lines = stack.enter_context(device.running())
            noted: list[str] = []
            made.append(Bench(device, board, Console(noting(lines, noted)), noted))
        for bench in made:
            bench.clock_by("sntp")
            bench.in_service()
        yield made


def told_a_time_far_ahead(bench: Bench) -> None:
    bench.network.time_skew(FAR_AHEAD_S)
    bench.restart()
    bench.clock_by("sntp")
    bench.lost("tls-time")
    bench.clock_by("sntp")  # it asks again, since the time may have been wrong
    bench.lost("tls-time")
    bench.network.restore()
    bench.in_service()


def told_a_time_before_the_build_date(bench: Bench) -> None:
    bench.network.time_skew(FAR_BEHIND_S)
    bench.restart()
    bench.clock_by("floor")
    bench.in_service_at_once()
    assert [line for line in bench.log_in_again() if line.endswith(" clock set by=kept")]
    bench.network.restore()
    # What was published by the build date does not age by the jump to the right time.
    assert [line for line in bench.log_in_again("gone") if line.endswith(" clock set by=sntp")]


def not_to_be_believed(how: str) -> Callable[[Bench], None]:
    def script(bench: Bench) -> None:
        bench.network.time_skew(FAR_AHEAD_S)  # who believes it does not come in
        bench.network.time_answer(how)
        bench.restart()
        bench.clock_by("floor")
        bench.in_service_at_once()

    script.__name__ = f"time_server_{how}"
    return script


def certificate_newer_than_the_build_date(bench: Bench) -> None:
    faults = bench.device.twin.faults
    number = faults.add(where="hello", what="certificate", certificate="just-issued", times=0)
    bench.network.time_answer("silent")
    bench.restart()
    bench.clock_by("floor")
    bench.lost("tls-time")
    bench.network.restore()
    bench.clock_by("sntp")
    bench.in_service()
    faults.remove(number)


def certificate_of_another_ca(bench: Bench) -> None:
    faults = bench.device.twin.faults
    number = faults.add(where="hello", what="certificate", certificate="other-ca", times=0)
    bench.restart()
    bench.clock_by("sntp")
    bench.lost("tls-ca")
    faults.remove(number)
    bench.in_service()


def wound(*turns: tuple[int, bool]) -> Callable[[Bench], None]:
    def script(bench: Bench) -> None:
        bench.restart()
        bench.clock_by("sntp")
        bench.console.expect("listening", BACK_S)
        for by_s, asks in turns:
            messages.send_message(bench.device.cloud, "devcred/wind", str(by_s))
            bench.console.expect("wound", BACK_S)
            shown = bench.log_in_again()
            assert bool([line for line in shown if line.endswith(" clock set by=sntp")]) == asks, by_s

    script.__name__ = "wound_" + "_and_".join(str(by_s) for by_s, _ in turns)
    return script


SCRIPTS: list[Callable[[Bench], None]] = [
    told_a_time_far_ahead,
    told_a_time_before_the_build_date,
    *map(not_to_be_believed, ("silent", "kiss-of-death", "not-set", "forged", "garbage", "short")),
    certificate_newer_than_the_build_date,
    certificate_of_another_ca,
    wound((3600, False), (86_400, True)),  # an hour after it was told, and a day
    wound((-3600, True)),
]


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.__name__ for script in SCRIPTS])
def test_the_clock(benches: list[Bench], script: Callable[[Bench], None]) -> None:
    on_benches(benches, script)
