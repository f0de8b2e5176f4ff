"""The wall clock and the ticks, over each kind of reset."""

from pathlib import Path

from host_tools.boards.definition import Board
from tests.vboard.kit import image_with, running

CLOCK = """
import time, machine
print("clock", time.gmtime(0)[0], time.time(), time.localtime()[0], machine.RTC().datetime()[:4])
"""
TICKS = """
import time
print("ms", time.ticks_ms())
"""


def test_clock_is_unset_until_it_is_set(board: Board, tmp_path: Path) -> None:
    unset_year = 2000 if board.port == "esp32" else 2021
    with running(image_with(tmp_path / "b.img", board, main=CLOCK), board) as (made, screen):
        shown = screen.wait_for(rb"clock (\d+) (\d+) (\d+) ([^\r]*)\r\n.*>>> $")
        assert int(shown[1]) == board.epoch
        assert int(shown[3]) == unset_year
        weekday = 5 if board.port == "esp32" else 4  # a Saturday, and a Friday
        assert shown[4].decode() == str((unset_year, 1, 1, weekday))
        screen.run("machine.RTC().datetime((2030, 6, 7, 0, 8, 9, 10, 0))")
        assert screen.run("print(time.gmtime()[:5], machine.RTC().datetime()[3])") == "(2030, 6, 7, 8, 9) 4"
        assert screen.run("print(time.mktime(time.gmtime(1234567)) == 1234567)") == "True"
        seconds = int(screen.run("print(time.time())"))
        assert seconds - 1907050150 + (946684800 if board.epoch == 2000 else 0) in range(60)
        screen.type(b"\x04")
        assert screen.wait_for(rb"clock \d+ \d+ (\d+) .*>>> $")[1] == b"2030", "a soft reset keeps the clock"
        screen.type(b"machine.reset()\r")
        kept = 2030 if board.port == "esp32" else 2021
        assert int(screen.wait_for(rb"clock \d+ \d+ (\d+) .*>>> $")[1]) == kept, "machine.reset"
        made.power_cycle()
        assert int(screen.wait_for(rb"clock \d+ \d+ (\d+) .*>>> $")[1]) == unset_year, "power-on"


def test_ticks_are_thirty_bits_from_power_on(esp32: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", esp32, main=TICKS), esp32) as (_, screen):
        assert int(screen.wait_for(rb"ms (\d+)\r\n.*>>> $")[1]) < 5000
        assert screen.run("print(time.ticks_add(2**30 - 1, 2), time.ticks_diff(1, 2**30 - 1))") == "1 2"
        assert "OverflowError" in screen.run("time.ticks_add(0, 2**29)")
