"""A network's script in a file: what it does, and what is said of one that is wrong."""

import json
import time
from pathlib import Path

import pytest

from host_tools.boards.definition import Board
from host_tools.errors import UsageError
from host_tools.vboard import VirtualBoard
from host_tools.vboard.script import load, play
from tests.vboard.kit import DEADLINE_S

ROUTE = "broker.example:8883"


def scripted(tmp_path: Path, board: Board, *steps: object) -> tuple[Path, VirtualBoard]:
    path = tmp_path / "script.json"
    path.write_text(json.dumps(steps))
    return path, VirtualBoard(tmp_path / "b.img", board, resolve={ROUTE: ("127.0.0.1", 9)})


def test_a_script_in_a_file(esp32: Board, tmp_path: Path) -> None:
    path, made = scripted(
        tmp_path,
        esp32,
        {"do": "set_access_points", "points": [{"ssid": "home", "password": "correct-horse"}]},
        {"do": "captive_portal", "address": "127.0.0.1:80"},
        {"do": "server_away", "name": ROUTE},
        {"do": "time_skew", "skew_s": -3600},
        {"do": "time_answer", "how": "kiss-of-death"},
        {"at_ms": 50, "do": "lose", "ssids": ["home"]},
        {"at_ms": 100, "do": "restore"},
    )
    steps = load(path, made.network)
    with made:
        play(steps, made.network)
        until_s = time.monotonic() + DEADLINE_S
        seen: list[object] = []
        while made.network.air()["gone"] or "home" not in str(seen):
            seen.append(made.network.air()["gone"])
            assert time.monotonic() < until_s, seen
            time.sleep(0.005)
        assert made.network.air()["points"] == [["home", "correct-horse", False]]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"do": "loose"}, "do='loose' at_ms=0 is no step"),
        ({"do": "close"}, "do='close'"),
        ({"do": "lose", "at_ms": -1}, "at_ms=-1"),
        (7, "do=None"),
        ({"do": "flap", "down_ms": 1}, "its arguments: down_ms, up_ms, times"),
        ({"do": "captive_portal", "address": "nowhere"}, "captive_portal does not take"),
        ({"do": "captive_portal", "address": "192.0.2.1:80"}, "leads to 192.0.2.1"),
        ({"do": "server_away", "name": "x:1"}, "nothing is behind x:1"),
        ({"do": "set_access_points", "points": [{"name": "x"}]}, "set_access_points does not take"),
        ({"do": "time_answer", "how": "late"}, "how='late' is no answer"),
        ({"do": "time_answer"}, "its arguments: how"),
        ({"do": "time_skew", "skew_s": 1 << 32}, "skew_s=4294967296 is no whole number"),
        ({"do": "time_skew", "skew_s": "1"}, "skew_s='1' is no whole number"),
    ],
)
def test_a_script_that_is_wrong(esp32: Board, tmp_path: Path, step: object, said: str) -> None:
    path, made = scripted(tmp_path, esp32, {"do": "restore"}, step)
    with pytest.raises(UsageError) as caught:
        load(path, made.network)
    assert said in str(caught.value)
