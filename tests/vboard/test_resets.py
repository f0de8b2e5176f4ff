"""Reset causes and the watchdog."""

from pathlib import Path

import pytest

from host_tools.boards.definition import Board
from host_tools.vboard.watchdog import Watchdog
from tests.vboard.kit import Terminal, image_with, running

MAIN = """
import machine
print("cause", machine.reset_cause())
"""
RESET_IN_TRY = """
import machine
try:
    if machine.reset_cause() == 1:
        machine.reset()
except BaseException:
    print("caught")
finally:
    print("finally", machine.reset_cause())
"""
BUSY_LOOP = """
import machine
print("cause", machine.reset_cause())
if machine.reset_cause() == 1:
    machine.WDT(timeout=300)
    print("on")
    while True:
        pass
"""
TIMER_FEEDS = """
import machine, time
print("cause", machine.reset_cause())
if machine.reset_cause() == 1:
    w = machine.WDT(timeout=200)
    t = machine.Timer(period=50, callback=lambda t: w.feed())
    time.sleep_ms(500)
    print("lived")
    t.deinit()
    time.sleep(5)
"""


def cause(screen: Terminal) -> int:
    return int(screen.wait_for(rb"cause (\d+)\r\n.*>>> $")[1])


def test_reset_causes(board: Board, tmp_path: Path) -> None:
    power_on, hard, soft = (1, 2, 5) if board.port == "esp32" else (1, 3, 3)
    with running(image_with(tmp_path / "b.img", board, main=MAIN), board) as (made, screen):
        assert cause(screen) == power_on
        screen.type(b"machine.reset()\r")
        assert cause(screen) == hard
        screen.type(b"machine.soft_reset()\r")
        screen.wait_for(rb"MPY: soft reboot\r\n")
        assert cause(screen) == soft
        made.power_cycle()
        assert cause(screen) == power_on
        resets = [(event.kind, event.text) for event in made.events if event.kind in ("reset", "power-on")]
    assert resets == [("power-on", ""), ("reset", "hard"), ("reset", "soft"), ("power-on", "")]


def test_reset_is_at_once(esp32: Board, tmp_path: Path) -> None:
    """No handler and no `finally` of the program sees it."""
    with running(image_with(tmp_path / "b.img", esp32, main=RESET_IN_TRY), esp32) as (_, screen):
        shown = screen.wait_for(rb"^(.*)finally (\d)\r\n")
    assert b"caught" not in shown[1] and shown[2] == b"2"


def test_watchdog_bites_a_busy_loop(board: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", board, main=BUSY_LOOP), board) as (made, screen):
        screen.wait_for(rb"on\r\n")
        assert cause(screen) == 3
        started, bitten = made.wait_for("wdt"), made.wait_for("reset", "watchdog")
        assert 0.25 < bitten.at_s - started.at_s < 2


def test_watchdog_outlives_a_soft_reset_and_is_fed(esp32: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", esp32, main=MAIN), esp32) as (made, screen):
        cause(screen)
        screen.type(b"w = machine.WDT(timeout=900)\r\x04")
        assert cause(screen) == 5
        screen.type(b"import time\rw = machine.WDT(timeout=400)\r")
        screen.type(b"for _ in range(100): w.feed(); time.sleep_ms(10)\r\r\r\rprint('fed', 1000)\r")
        screen.wait_for(rb"fed 1000\r\n")
        assert not [event for event in made.events if event.text == "watchdog"]
        made.wait_for("reset", "watchdog")


def test_watchdog_is_off_after_it_has_bitten(esp32: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", esp32, main=MAIN), esp32) as (_, screen):
        cause(screen)
        screen.type(b"w = machine.WDT(timeout=100)\r")
        assert cause(screen) == 3
        screen.type(b"import time; time.sleep_ms(300); print('still', 'here')\r")
        screen.wait_for(rb"still here\r\n")


def test_a_periodic_timer_feeds_the_watchdog(pico: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", pico, main=TIMER_FEEDS), pico) as (_, screen):
        screen.wait_for(rb"lived\r\n")
        assert cause(screen) == 3


@pytest.mark.parametrize("timeout", [0, 8389])
def test_watchdog_limits_of_the_pico(pico: Board, tmp_path: Path, timeout: int) -> None:
    with running(image_with(tmp_path / "b.img", pico), pico) as (_, screen):
        screen.wait_for(rb">>> $")
        assert "ValueError" in screen.run(f"import machine; machine.WDT(timeout={timeout})")


def test_watchdog_counts() -> None:
    watchdog = Watchdog()
    assert watchdog.deadline_s == float("inf")
    watchdog.start(1000, 10.0)
    assert 11.0 <= watchdog.deadline_s <= 11.1
    watchdog.feed(20.0)
    watchdog.timer("1", 50, 20.5)
    assert watchdog.deadline_s == float("inf")
    watchdog.timers_stopped(30.0)
    assert 31.0 <= watchdog.deadline_s <= 31.1
    watchdog.clear()
    assert watchdog.deadline_s == float("inf")


BLINK = """
import machine
led = machine.Pin(2, machine.Pin.OUT)
for i in range(30001):
    led.value(i & 1)
led.value(1)
print("done")
"""


def test_a_board_that_blinks_for_days_does_not_fill_the_memory(board: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", board, main=BLINK), board) as (made, screen):
        screen.wait_for(rb"done\r\n", 30)
        assert len(made.events) <= 20_000
        assert made.take_events()[-1].text == "2 1"
        made.power_cycle()
        assert [event.kind for event in made.events[:2]] == ["power-on", "boot"]
