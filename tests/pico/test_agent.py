"""The agent on the real, unmodified firmware of a Pico W: up, at work, and back from each kind of end."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools.cloud import messages
from host_tools.cloud.credentials import register
from host_tools.demo.console import Console, Said
from host_tools.demo.observer import Observer
from host_tools.twin import TwinThread
from host_tools.twin.settings import Settings
from tests.e2e.device import GROUP, Device
from tests.e2e.token_server import TokenServer
from tests.pico import figures
from tests.pico.board import PATIENCE_S, PicoBoard
from tests.pico.devices import pico_device, powered
from tests.pico.peers import Peers

PLAIN: dict[str, Any] = {"tls": False, "port": 1883}
OBSERVED_S = 20.0
# By the computer's clock; by the guest's it is a thirtieth.
TOKEN_LIFE_S = 12 * 3600
WATCHDOG_MS = 4000
# Once, and not again after the watchdog has bitten.
HANGING_APP = b"""import machine
hangs = machine.reset_cause() != machine.WDT_RESET
def loop(agent):
    while hangs and agent.online():
        pass
"""
MEASURING_MAIN = (Path(__file__).parent / "device" / "measuring.py").read_bytes()


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinThread]:
    # What a device has ten seconds for takes minutes here.
    with TwinThread(groups=(GROUP,), settings=Settings(connect_timeout_s=PATIENCE_S)) as running:
        yield running


@contextlib.contextmanager
def observed(device: Device) -> Iterator[Observer]:
    own = register(device.cloud, f"{GROUP}@@@watching-{device.name}")
    with Observer(own, ("localhost", device.twin.tls_port), device.twin.ca_der, "devcred/#") as observer:
        observer.start(OBSERVED_S)
        yield observer


def expect(console: Console, name: str) -> Said:
    return console.expect(name, PATIENCE_S)


def test_up_at_work_and_back(
    twin: TwinThread, uf2: Path, tmp_path: Path, record_property: figures.Record
) -> None:
    device = pico_device(twin, "life", tmp_path)
    with observed(device) as observer, powered(device, uf2) as (board, console):
        assert expect(console, "boot").value("reset") == "power-on"
        assert expect(console, "clock").value("by") == "sntp"
        expect(console, "connack")
        assert expect(console, "published").value("topic") == "devcred/telemetry"
        figures.record_phases(record_property, uf2, board.told)
        ours = observer.wait_for("devcred/telemetry", lambda body: "reset" in body, OBSERVED_S)
        assert ours["reset"] == "power-on"

        question = json.dumps({"id": "7", "cmd": "ping"})
        messages.send_message(device.cloud, f"devcred/p2p/{device.client_id}", question)
        answer = observer.wait_for("devcred/reply", lambda body: body["id"] == "7", PATIENCE_S)
        assert answer["ok"] and answer["result"]["uptime_ms"] > 0
        expect(console, "replied")

        messages.close_connection(device.cloud, device.client_id)
        assert expect(console, "lost").value("cause") in ("closed", "kicked")
        expect(console, "tls")
        expect(console, "published")


def test_tokens_are_fetched_and_renewed_in_the_session(
    twin: TwinThread, uf2: Path, tmp_path: Path, record_property: figures.Record
) -> None:
    # The server wants to see it again after a second; it comes as soon as it may.
    with TokenServer(twin, time.time, life_s=TOKEN_LIFE_S, renew_s=1) as server:
        device = pico_device(twin, "tokens", tmp_path, tokens=server)
        with powered(device, uf2) as (board, console):
            asked_ms = expect(console, "clock").device_ms
            fetched = expect(console, "token")
            expect(console, "published")
            # Beside the session, so that two of TLS stand at once.
            again = expect(console, "token")
            uploaded = expect(console, "token")
    assert [each.text.partition(" ")[0] for each in (fetched, again, uploaded)] == [
        "fetched",
        "fetched",
        "uploaded",
    ]
    assert "lost" not in [figures.name_of(each) for each in board.told]
    for what, ms in (
        ("tokens fetched by HTTPS, TLS handshake included", fetched.device_ms - asked_ms),
        ("renewed token uploaded, and acknowledged", uploaded.device_ms - again.device_ms),
    ):
        figures.record(record_property, uf2, what, f"{ms} ms")


def test_a_hang_ends_by_the_watchdog(
    twin: TwinThread, uf2: Path, tmp_path: Path, record_property: figures.Record
) -> None:
    device = pico_device(twin, "hang", tmp_path, watchdog_ms=WATCHDOG_MS, **PLAIN)
    with observed(device) as observer, powered(device, uf2, {"/app.py": HANGING_APP}) as (board, console):
        expect(console, "connack")
        bitten = board.wait_event("reset")
        assert expect(console, "boot").value("reset") == "watchdog"
        expect(console, "published")
        observer.wait_for("devcred/telemetry", lambda body: body.get("reset") == "watchdog", OBSERVED_S)
        figures.record(record_property, uf2, "watchdog", f"reset at {bitten.us // 1000} ms, in service again")


def test_a_lost_network_is_named_and_joined_again(twin: TwinThread, uf2: Path, tmp_path: Path) -> None:
    device = pico_device(twin, "dropped", tmp_path, connect_timeout_ms=1500, **PLAIN)
    with powered(device, uf2) as (board, console):
        expect(console, "published")
        board.ask("drop")
        assert expect(console, "lost").value("cause") == "no-wifi"
        assert expect(console, "network").text.startswith("up ")
        expect(console, "connack")


def test_heap(twin: TwinThread, uf2: Path, tmp_path: Path, record_property: figures.Record) -> None:
    device = pico_device(twin, "heap", tmp_path)
    with powered(device, uf2, {"/main.py": MEASURING_MAIN}) as (board, console):
        expect(console, "published")
        free = figures.record_heap(record_property, uf2, board.told)
    assert free["start"] > free["imported"] > free["connect"] >= free["handshake"]
    # What is left for an application while the link is made.
    assert free["handshake"] > 64 * 1024


@pytest.mark.parametrize("server", ["refuses", "is silent"])
def test_a_server_that_is_away_is_named(twin: TwinThread, uf2: Path, tmp_path: Path, server: str) -> None:
    # An RP2's sockets are writable before they are connected, so that only the first byte proves a server.
    device = pico_device(twin, f"away-{server[-6:]}", tmp_path, connect_timeout_ms=1000)
    with Peers(late_s=0) as peers:
        routes = {} if server == "refuses" else {f"{twin.host_name}:8883": peers.ports["hole"]}
        with PicoBoard(
            uf2, device.board, tmp_path, device.files, routes | {f"{twin.host_name}:1": 1}
        ) as board:
            assert expect(Console(board.lines), "lost").value("cause") == "no-server"
