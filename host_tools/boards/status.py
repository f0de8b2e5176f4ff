"""A board's LED and button as keys of a device's configuration; the colours of an RGB LED."""

import binascii
from collections.abc import Mapping

from devcred import status
from host_tools.boards.definition import Board, Led
from host_tools.errors import UsageError

# At full brightness; a board's `led.colors` may change each.
COLORS = {
    "starting": "#ffffff",
    "joining": "#0000ff",
    "connecting": "#00ffff",
    "online": "#00ff00",
    "wiping": "#ff00ff",
    "retrying": "#ffa000",
    "attention": "#ff0000",
}


def board_settings(board: Board) -> dict[str, object]:
    """What the configuration of a device says of its board, as far as it differs from the defaults."""
    led, button = board.led, board.button
    found: dict[str, object] = {}
    if led.kind != "none":
        found |= {"led_kind": led.kind, "led_pin": led.pin}
    if led.kind == "rgb":
        found["led_colors"] = _wire(led)
    if led.active_low:
        found["led_active_low"] = True
    if button is not None:
        found |= {"button_pin": button.pin, "button_hold_ms": button.hold_ms}
        if button.pin != "BOOTSEL":
            found["button_active_low"] = button.active_low
    return found


def check_settings(settings: Mapping[str, object]) -> None:
    """UsageError if the LED of a checked configuration lacks what its kind needs: it would stay dark."""
    kind, colors = settings["led_kind"], str(settings["led_colors"])
    if kind != "none" and settings["led_pin"] is None:
        raise _unusable("led_pin: is missing")
    digits = 6 * len(status.COLORS)
    if (kind == "rgb" or colors) and len(_bytes(colors)) * 2 != digits:
        raise _unusable(f"led_colors: must be {digits} hexadecimal digits")


def _bytes(text: str) -> bytes:
    try:
        return binascii.unhexlify(text)
    except ValueError:
        return b""


def _unusable(problem: str) -> UsageError:
    return UsageError(
        problem, where="device configuration", do="mend it, or leave the LED's keys to the board"
    )


def _wire(led: Led) -> str:
    """The colours in the order in which the device keeps them, each as its bytes go over the wire."""
    chosen = COLORS | dict(led.colors)
    return "".join(_pixel(chosen[name], led) for name in status.COLORS)


def _pixel(color: str, led: Led) -> str:
    part = {name: int(color[at : at + 2], 16) for name, at in (("R", 1), ("G", 3), ("B", 5))}
    return "".join(f"{round(part[name] * led.brightness / 255):02x}" for name in led.order)
