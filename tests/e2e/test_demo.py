"""The whole journey, by the real command: what a stranger sees first."""

import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import Watched

# A DeviceAccessKeyId or a secret: they look alike.
KEY = re.compile(r"DC\.[A-Za-z0-9_-]{22}")
BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")
STEPS = [
    "register",
    "observe",
    "power on",
    "provision",
    "reset",
    "credential",
    "network",
    "tls",
    "connack",
    "telemetry",
    "ping",
    "revoke",
    "refused",
    "done",
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    """What the demo tells of both boards, as JSON; it has ended well and left nothing."""
    watched = Watched(tmp_path_factory.mktemp("demo"), "demo", "--json")
    try:
        watched.until(lambda line: line["step"] == "connack")
        check_secrecy(watched)
        assert watched.finish() == (0, "")
        assert watched.left_behind() == []
        yield watched.lines
    finally:
        watched.end()


def check_secrecy(watched: Watched) -> None:
    """While a provisioned board runs: no command line holds a key, no file is open to others."""
    lines = watched.command_lines()
    assert any(watched.mark in line for line in lines), "the board's interpreter must be among them"
    assert not any(KEY.search(line) for line in lines)
    made = list(watched.temporary.rglob("*"))
    assert made
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in made)


@pytest.fixture(params=BOARDS)
def story(told: list[dict[str, Any]], request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """One board's steps by name."""
    return {line["step"]: line for line in told if line.get("board") == request.param}


def test_the_steps_come_in_order_and_in_time(story: dict[str, dict[str, Any]]) -> None:
    assert list(story) == STEPS
    times = [line["elapsed_ms"] for line in story.values()]
    assert times == sorted(times)
    assert times[-1] < 12_000


def test_provisioning_was_read_back(story: dict[str, dict[str, Any]]) -> None:
    files = story["provision"]["files"]
    assert {"/boot.py", "/main.py", "/devcred.json", "/ca.der", "/credential.a", "/wifi.a"} <= set(files)
    assert story["provision"]["verified"] == len(files)


def test_umqtt_goes_where_the_firmware_has_none(story: dict[str, dict[str, Any]]) -> None:
    copied = "/lib/umqtt/simple.mpy" in story["provision"]["files"]
    assert copied == (story["done"]["board"] == "RPI_PICO_W")


def test_tls_was_verified_for_the_services_name(
    told: list[dict[str, Any]], story: dict[str, dict[str, Any]]
) -> None:
    instance_id = told[0]["instance_id"]
    assert story["tls"]["host"] == f"{instance_id}.mqtt.aliyuncs.com"


def test_the_signature_was_accepted_and_both_clocks_say_when(story: dict[str, dict[str, Any]]) -> None:
    host_ms, device_ms = story["connack"]["host_ms"], story["connack"]["device_ms"]
    # The device counts from its interpreter's start, the host from power-on, and hears of it later.
    assert 0 < device_ms <= host_ms + 5 < 10_000


def test_the_first_message_was_acknowledged_and_arrived(story: dict[str, dict[str, Any]]) -> None:
    message = story["telemetry"]["message"]
    assert message["client_id"] == story["register"]["client_id"]
    assert message["mid"].endswith("-1")


def test_the_ping_was_answered(story: dict[str, dict[str, Any]]) -> None:
    reply = story["ping"]["reply"]
    assert (reply["id"], reply["cmd"], reply["ok"]) == ("demo-1", "ping", True)
    assert story["ping"]["ms"] < 5000


def test_the_revocation_was_named(story: dict[str, dict[str, Any]]) -> None:
    assert story["refused"]["cause"] == "refused"
    assert "credential refused" in story["refused"]["text"]


def test_no_secret_is_told(told: list[dict[str, Any]]) -> None:
    keys = set(KEY.findall(str(told)))
    assert keys == {line["key_id"] for line in told if line["step"] == "register"}


def test_for_people(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "demo", "--board", "RPI_PICO_W")
    try:
        out, err = watched.process.communicate(timeout=30)
    finally:
        watched.end()
    assert (watched.process.returncode, err) == (0, "")
    lines = out.splitlines()
    assert lines[1] == "RPI_PICO_W: Raspberry Pi Pico W"
    assert all(re.match(r" *\d+ ms  \S", line) for line in lines[:1] + lines[2:])
    assert all(len(line) < 200 for line in lines)
    for element in ("CA and host name verified", "signature accepted", "acknowledged", "answered", "refused"):
        assert element in out


def test_an_unknown_board_starts_nothing(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "demo", "--board", "RPI_PICO")
    try:
        code, err = watched.finish()
    finally:
        watched.end()
    assert code == 2
    assert err.count("\n") == 1
    assert "did you mean RPI_PICO_W?" in err


def test_a_step_that_fails_is_named(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "demo", "--json")
    try:
        watched.until(lambda line: line["step"] == "twin")
        # What the demo needs next is taken away from it.
        (tmp_path / watched.mark).unlink()
        code, err = watched.finish()
        assert watched.left_behind() == []
    finally:
        watched.end()
    assert code == 1
    assert err.count("\n") == 1
    assert re.match(r"devcred: demo ESP32_GENERIC, power_on: .*MicroPython", err)


def test_the_demo_module_is_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "host_tools", "demo", "--help"], capture_output=True, timeout=20, check=True
    )
    assert b"Usage: devcred demo" in done.stdout
