"""A device whose network fails names the cause, comes back by itself, and reboots only without any network.

One board of each kind runs through all of it; every script finds it in service and leaves it so.
"""

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_tools.demo.console import Console, Said
from host_tools.twin import TwinThread
from host_tools.vboard import AccessPoint, Network, VirtualBoard
from host_tools.vboard.relay import Relay
from tests.e2e.device import GROUP, Device
from tests.e2e.side_by_side import on_benches

BOOT_S = 15.0
BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")
FIRST, SECOND = AccessPoint("first", "a-good-password"), AccessPoint("second", "another-one", hidden=True)
WIFI = [(FIRST.ssid, FIRST.password), (SECOND.ssid, SECOND.password)]
RADIO_S, REBOOT_S = 1, 4
CONFIG: dict[str, object] = {
    "heartbeat_s": 1,
    "connect_timeout_ms": 800,
    "join_timeout_s": 1,
    "retry_cap_ms": 1000,
    "radio_reset_s": RADIO_S,
    "reboot_s": REBOOT_S,
}
# A loss shows when the deadline of a call, or of the radio's absence, has passed; what comes next, after a
# wait and a join of each network at most.
NAMED_S = 6.0
# Back in service after the network is: a wait, a join and a handshake; on a busy computer.
BACK_S = 6.0


class Portal(http.server.BaseHTTPRequestHandler):
    """A portal's web server, which has no use for TLS."""

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Bench:
    device: Device
    board: VirtualBoard
    console: Console
    elsewhere: Relay  # another way to the twin, as long as the board is on

    @property
    def network(self) -> Network:
        return self.board.network

    @property
    def route(self) -> str:
        return f"{self.device.twin.host_name}:8883"

    def lost(self, cause: str, code: str = "") -> Said:
        """The next loss of this cause, and code if one is given."""
        end_s = time.monotonic() + NAMED_S
        while True:
            said = self.console.expect("lost", end_s - time.monotonic())
            if said.value("cause") == cause and code in ("", said.value("code")):
                return said

    def in_service(self, within_s: float = BACK_S) -> None:
        self.console.expect("connack", within_s)
        self.console.expect("published", 2.0)

    def break_link(self) -> None:
        """An outage long enough to end the link and short enough for nothing else."""
        self.network.flap(down_ms=2500, up_ms=0, times=1)
        self.lost("no-wifi")

    @contextmanager
    def without(self, *kinds: str) -> Iterator[None]:
        """None of these events of the board's meanwhile."""
        seen = len(self.board.events)
        yield
        assert not [event for event in self.board.events[seen:] if f"{event.kind} {event.text}" in kinds]

    def no_reboot(self) -> AbstractContextManager[None]:
        return self.without("reset hard", "reset watchdog", "reset soft")


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinThread]:
    with TwinThread(groups=(GROUP,)) as running:
        yield running


@pytest.fixture(scope="module")
def benches(twin: TwinThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Bench]]:
    with ExitStack() as stack:
        made = []
        for board_id in BOARDS:
            name = f"network-{board_id}"
            device = Device(twin, name, tmp_path_factory.mktemp(name), board_id, config=CONFIG, wifi=WIFI)
            elsewhere = stack.enter_context(closing(Relay()))
            board, console = stack.enter_context(device.powered())
            board.network.set_access_points(FIRST, SECOND)
            made.append(Bench(device, board, console, elsewhere))
        for bench in made:
            bench.in_service(BOOT_S)
        yield made


def network_lost(bench: Bench) -> None:
    with bench.no_reboot():
        bench.network.lose()
        bench.lost("no-wifi")
        bench.lost("no-wifi", "no-access-point")
        bench.network.restore()
        bench.in_service()


def network_flapping(bench: Bench) -> None:
    # An ESP32's link outlives this; an RP2's radio waits to be told to join again.
    with bench.no_reboot():
        bench.network.flap(down_ms=300, up_ms=200, times=4)
        time.sleep(2.0)
        if bench.device.board.port == "rp2":
            bench.lost("no-wifi")
            bench.in_service()
        else:
            bench.console.expect("published", BACK_S)


def second_network_hidden(bench: Bench) -> None:
    with bench.no_reboot():
        bench.network.lose(FIRST.ssid)
        bench.lost("no-wifi")
        assert bench.console.expect("network", BACK_S).value("ssid") == SECOND.ssid
        bench.in_service()


def wrong_password(bench: Bench) -> None:
    with bench.no_reboot():
        bench.network.wrong_password()
        assert "refused the Wi-Fi password" in bench.lost("no-wifi", "wrong-password").text
        bench.network.restore()
        bench.in_service()


def no_address(bench: Bench) -> None:
    with bench.no_reboot():
        bench.network.no_address()
        assert "gave no address" in bench.lost("no-wifi", "no-address").text
        bench.network.restore()
        bench.in_service()


def dns_dead(bench: Bench) -> None:
    with bench.no_reboot():
        bench.network.dns_dead()
        bench.break_link()
        bench.lost("dns")
        bench.network.restore()
        bench.in_service()


def captive_portal(bench: Bench) -> None:
    with (
        bench.no_reboot(),
        http.server.HTTPServer(("127.0.0.1", 0), Portal) as portal,
    ):
        thread = threading.Thread(target=portal.serve_forever, args=(0.05,))
        thread.start()
        bench.network.captive_portal(("127.0.0.1", portal.server_address[1]))
        bench.break_link()
        bench.lost("tls")
        bench.network.restore()
        bench.in_service()
        portal.shutdown()
        thread.join()


def server_moved_to_another_address(bench: Bench) -> None:
    with bench.no_reboot():
        bench.network.server_away(bench.route)
        bench.lost("link-lost")
        bench.lost("no-server")
        there = ("127.0.0.1", bench.elsewhere.open(("127.0.0.1", bench.device.twin.tls_port)))
        bench.network.dns_move(bench.route, there)
        bench.in_service()


def only_the_server_is_away(bench: Bench) -> None:
    with bench.no_reboot(), bench.without("radio off"):
        bench.network.server_away(bench.route)
        since_s = bench.lost("link-lost").at_s
        assert "only the server is away" in bench.console.expect("network", RADIO_S + NAMED_S).text
        time.sleep(max(0.0, since_s + REBOOT_S + 1 - time.monotonic()))
        bench.network.restore()
        bench.in_service()


def radio_dead_with_its_address(bench: Bench) -> None:
    with bench.no_reboot():
        bench.network.radio_dead_with_address()
        bench.lost("link-lost")
        assert bench.console.expect("network", RADIO_S + NAMED_S).text.endswith("radio")
        bench.in_service()


def radio_that_does_not_come_back_after_an_outage(bench: Bench) -> None:
    with bench.no_reboot():
        bench.network.never_reconnects()
        bench.network.flap(down_ms=100, up_ms=0, times=1)
        bench.lost("no-wifi")
        assert bench.console.expect("network", RADIO_S + NAMED_S).text.endswith("radio")
        bench.in_service()


def no_network_at_all(bench: Bench) -> None:
    seen = len(bench.board.events)
    bench.network.lose()
    bench.lost("no-wifi")
    bench.board.wait_for("reset", "hard", deadline_s=REBOOT_S + NAMED_S, after=seen)
    bench.network.restore()
    bench.in_service(BOOT_S)


SCRIPTS: list[Callable[[Bench], None]] = [
    second_network_hidden,  # first: later ones may leave a board in either network
    network_lost,
    network_flapping,
    wrong_password,
    no_address,
    dns_dead,
    captive_portal,
    server_moved_to_another_address,
    only_the_server_is_away,
    radio_dead_with_its_address,
    radio_that_does_not_come_back_after_an_outage,
    no_network_at_all,
]


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.__name__ for script in SCRIPTS])
def test_back_in_service(benches: list[Bench], script: Callable[[Bench], None]) -> None:
    on_benches(benches, script)


@pytest.mark.parametrize("saving", [False, True])
def test_power_saving_of_an_rp2(twin: TwinThread, tmp_path: Path, saving: bool) -> None:
    config = CONFIG | {"radio_power_save": saving}
    device = Device(twin, f"saving-{saving}", tmp_path, "RPI_PICO_W", config=config)
    with closing(Relay()) as elsewhere, device.powered() as (board, console):
        board.network.power_save_loss(after_ms=1500)
        bench = Bench(device, board, console, elsewhere)
        bench.in_service(BOOT_S)
        if saving:
            bench.lost("link-lost")
        else:
            with bench.without("radio off"):
                for _ in range(3):
                    console.expect("published", 3.0)
