"""Ctrl-C and SIGTERM at any moment of the demo leave no process, no port and no file."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Watched

Start = Callable[..., Watched]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    made: list[Watched] = []

    def begin(*arguments: str) -> Watched:
        made.append(Watched(tmp_path, *arguments))
        return made[-1]

    yield begin
    for each in made:
        each.end()


def check(watched: Watched) -> None:
    code, err = watched.finish()
    assert (code, err.strip()) == (130, "devcred: interrupted")
    assert watched.left_behind() == []


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.2, 0.3])
def test_during_the_set_up(start: Start, after_s: float) -> None:
    watched = start("demo", "--json")
    watched.until_handling()
    time.sleep(after_s)
    watched.signal_all(signal.SIGINT)
    check(watched)


@pytest.mark.parametrize("step", ["twin", "observe", "power on", "connack", "refused"])
def test_after_a_step(start: Start, step: str) -> None:
    watched = start("demo", "--json")
    watched.until(lambda line: line["step"] == step)
    watched.signal_all(signal.SIGINT)
    check(watched)


def test_during_the_provisioning(start: Start) -> None:
    watched = start("demo", "--board", "ESP32_GENERIC", "--json")
    watched.until(lambda line: line["step"] == "power on")
    time.sleep(0.1)
    watched.signal_all(signal.SIGINT)
    check(watched)
    assert watched.lines[-1]["step"] == "power on", "the moment was missed"


def test_sigterm_is_like_ctrl_c(start: Start) -> None:
    watched = start("demo", "--json")
    watched.until(lambda line: line["step"] == "connack")
    watched.process.send_signal(signal.SIGTERM)
    check(watched)


def test_more_of_them_do_not_cut_the_clean_up_short(start: Start) -> None:
    watched = start("demo", "--json")
    watched.until(lambda line: line["step"] == "reset")
    for _ in range(20):
        try:
            watched.signal_all(signal.SIGINT)
        except ProcessLookupError:
            break
        time.sleep(0.003)
    check(watched)
