"""The demo of Token mode, by the real command: renewed, revoked, cut off."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.processes import Watched

STEPS = [
    "twin",
    "serve",
    "observe",
    "power on",
    "provision",
    "fetch",
    "connack",
    *["renew"] * 5,
    "stay",
    "revoke",
    "lost",
    "replace",
    "cut off",
    "lost",
    "refused",
    "quiet",
    "done",
]
# A device key or the server's, or a stretch of a token: nothing else that is told is as long.
LONG = re.compile(r"[A-Za-z0-9+_-]{43}")


BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Watched]]:
    """A demo of each board, at the same time, since they mostly wait; each has provisioned its board."""
    with contextlib.ExitStack() as stack:
        started = {}
        for board in BOARDS:
            folder = tmp_path_factory.mktemp("demo")
            started[board] = Watched(folder, "demo", "token", "--json", "--board", board, deadline_s=120)
            stack.callback(started[board].end)
        for each in started.values():
            each.until(lambda line: line["step"] == "connack")
            check_secrecy(each)
        yield started


def check_secrecy(watched: Watched) -> None:
    """While it runs: no file is open to others, no command line holds a key."""
    made = [path for path in watched.temporary.rglob("*") if path.is_file()]
    assert any(path.name == "server.key" for path in made)
    assert all(path.stat().st_mode & 0o077 == 0 for path in made)
    commands = [line.replace(watched.mark, "") for line in watched.command_lines()]
    assert not any(LONG.search(line) for line in commands), commands


@pytest.fixture(scope="module", params=BOARDS)
def told(request: pytest.FixtureRequest, watched: dict[str, Watched]) -> list[dict[str, Any]]:
    """What a board's demo tells, as JSON; it has ended well and left nothing."""
    ended = watched[request.param]
    assert ended.finish() == (0, "")
    assert ended.left_behind() == []
    return ended.lines


def of(told: list[dict[str, Any]], step: str) -> list[dict[str, Any]]:
    return [line for line in told if line["step"] == step]


def test_the_steps_come_in_order(told: list[dict[str, Any]]) -> None:
    assert [line["step"] for line in told] == STEPS
    times = [line["elapsed_ms"] for line in told]
    assert times == sorted(times)


def test_no_credential_was_provisioned(told: list[dict[str, Any]]) -> None:
    files = of(told, "provision")[0]["files"]
    assert "/device-key.a" in files
    assert "/credential.a" not in files


def test_five_renewals_inside_one_session(told: list[dict[str, Any]]) -> None:
    renewals = of(told, "renew")
    assert [line["turn"] for line in renewals] == [1, 2, 3, 4, 5]
    assert all(line["types"] == ["R", "W"] for line in renewals)
    [stayed] = of(told, "stay")
    assert (stayed["disconnects"], stayed["lost"]) == (0, 0)
    # At least half of each token's 70 s passed, and a message came for each second or so.
    assert stayed["skipped_s"] > 5 * 20
    assert stayed["messages"] > 50


def test_a_revoked_token_is_named_and_replaced(told: list[dict[str, Any]]) -> None:
    assert "cause=token code=revoked" in of(told, "lost")[0]["said"]
    [replaced] = of(told, "replace")
    assert replaced["ms"] < 15_000
    assert replaced["messages"] > of(told, "stay")[0]["messages"]


def test_an_account_that_is_cut_off_is_refused_named_and_quiet(told: list[dict[str, Any]]) -> None:
    [refused] = of(told, "refused")
    assert "cause=account-refused" in refused["said"]
    assert "disabled" in refused["said"]
    assert refused["wait_ms"] >= 3_600_000
    assert of(told, "quiet")[0]["tries"] == 0


def test_no_secret_is_told(told: list[dict[str, Any]]) -> None:
    assert not LONG.findall(str([line["text"] for line in told]))
