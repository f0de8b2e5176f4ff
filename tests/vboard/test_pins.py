"""Pins: outputs and NeoPixels as events, inputs that are driven, and what hangs on a Pico W's radio chip."""

import dataclasses
from pathlib import Path

import pytest

from host_tools.boards.definition import Board, load_board
from host_tools.errors import MachineError, UsageError
from host_tools.vboard import VirtualBoard
from tests.vboard.kit import image_with, running

PINS = """
import machine
p = machine.Pin(2, machine.Pin.OUT)
p.on()
p.on()
p.value(0)
p.toggle()
machine.Signal(machine.Pin("LED", machine.Pin.OUT), invert=True).off()
print("done", p(), machine.Pin(0, machine.Pin.IN, machine.Pin.PULL_UP).value())
"""


def test_pins_are_events(board: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", board, main=PINS), board) as (made, screen):
        screen.wait_for(rb"done 1 1\r\n")
        made.wait_for("led", "LED")
        assert [event.text for event in made.events if event.kind == "led"] == ["2 1", "2 0", "2 1", "LED 1"]


def told(made: VirtualBoard, *kinds: str) -> list[str]:
    return [f"{event.kind} {event.text}" for event in made.events if event.kind in kinds]


def test_a_neopixel_tells_what_goes_over_the_wire(board: Board, tmp_path: Path) -> None:
    main = (
        "import machine, neopixel\nn = neopixel.NeoPixel(machine.Pin(8), 2)\nn[1] = (1, 2, 3)\nn.write()\n"
        "print(n[1], len(n))\nn.ORDER = (0, 1, 2)\nn.fill((4, 5, 6))\nn.write()\nprint('done')"
    )
    with running(image_with(tmp_path / "b.img", board, main=main), board) as (made, screen):
        screen.wait_for(rb"\(1, 2, 3\) 2\r\ndone\r\n")
        made.wait_for("pixel", "8 040506")
        assert told(made, "pixel") == ["pixel 8 000000020103", "pixel 8 040506040506"]


def test_a_button_is_pressed_and_let_go(board: Board, tmp_path: Path) -> None:
    pin = board.button and board.button.pin
    look = (
        "rp2.bootsel_button"
        if pin == "BOOTSEL"
        else f"machine.Pin({pin}, machine.Pin.IN, machine.Pin.PULL_UP)"
    )
    main = f"import machine, {board.port}\nlook = {look}"
    with running(image_with(tmp_path / "b.img", board, main=main), board) as (made, screen):
        screen.wait_for(rb">>> $")
        idle, down = ("0", "1") if pin == "BOOTSEL" else ("1", "0")
        assert screen.run("look()") == idle
        made.press()
        assert screen.run("look()") == down
        made.power_cycle()
        screen.wait_for(rb">>> $")
        assert screen.run("look()") == down, "a finger stays where it is"
        made.release()
        assert screen.run("look()") == idle


def test_a_level_from_outside_reaches_inputs_alone(esp32: Board, tmp_path: Path) -> None:
    main = "import machine\np = machine.Pin(4, machine.Pin.IN)\nq = machine.Pin(5, machine.Pin.OUT, value=1)"
    with running(image_with(tmp_path / "b.img", esp32, main=main), esp32) as (made, screen):
        screen.wait_for(rb">>> $")
        made.drive(4, 1)
        made.drive(5, 0)
        assert screen.run("p(), q()") == "(1, 1)"


def test_there_has_to_be_a_button_and_a_board_that_runs(esp32: Board, tmp_path: Path) -> None:
    made = VirtualBoard(tmp_path / "b.img", esp32)
    with pytest.raises(MachineError, match="is not running"):
        made.press()
    with pytest.raises(UsageError, match="^NO_BUTTON: has no button; "):
        VirtualBoard(tmp_path / "b.img", without_button()).press()


def without_button() -> Board:
    return dataclasses.replace(load_board("RPI_PICO_W"), id="NO_BUTTON", button=None)


def test_the_picos_led_hangs_on_the_radio_chip(pico: Board, tmp_path: Path) -> None:
    main = "import machine, network\nled = machine.Pin('LED', machine.Pin.OUT)\nwlan = network.WLAN()"
    with running(image_with(tmp_path / "b.img", pico, main=main), pico) as (made, screen):
        screen.wait_for(rb">>> $")
        assert told(made, "radio", "led") == ["radio power led"], "the first touch boots the chip"
        screen.run("led.on(); wlan.active(True); wlan.active(False)")
        made.wait_for("radio", "off")
        seen = told(made, "radio", "led")
        assert seen == ["radio power led", "led LED 1", "radio saving 1", "radio off"]
        # Without its power the chip forgets the pin's level; the port does not.
        assert screen.run("wlan.deinit(); led.on(); led()") == "1"
        assert told(made, "radio", "led")[4:] == ["led LED 0"]
        screen.run("led.off(); led.on()")
        assert told(made, "radio", "led")[5:] == ["radio power led", "led LED 0", "led LED 1"]
