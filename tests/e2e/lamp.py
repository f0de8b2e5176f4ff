"""A virtual board's LED as a user sees it: dark, or lit in a colour, from the events of its pin."""

import itertools
import statistics
import time
from dataclasses import dataclass

from devcred import status
from host_tools.boards.status import board_settings
from host_tools.vboard import Event, VirtualBoard
from tests.e2e.device import Device

DARK = ""
# What a plain LED has for a colour.
LIT = "lit"


@dataclass
class Lamp:
    """`settings`: the LED's keys in the device's configuration."""

    vboard: VirtualBoard
    settings: dict[str, object]

    @classmethod
    def of(cls, device: Device, vboard: VirtualBoard) -> "Lamp":
        return cls(vboard, board_settings(device.board) | device.config)

    def seen(self, after: int = 0) -> list[tuple[float, str]]:
        """(when, DARK or a colour: LIT, or one of status.COLORS) of each change from events[after] on."""
        shown = [(event.at_s, self._color(event)) for event in list(self.vboard.events)[after:]]
        return [(at_s, color) for at_s, color in shown if color is not None]

    def now(self) -> str:
        """What it shows."""
        return self.seen()[-1][1]

    def _color(self, event: Event) -> str | None:
        pin, _, value = event.text.partition(" ")
        if event.kind not in ("led", "pixel") or pin != str(self.settings["led_pin"]):
            return None
        if event.kind == "led":
            return DARK if value == str(int(bool(self.settings.get("led_active_low")))) else LIT
        known = str(self.settings["led_colors"])
        colors = {known[6 * at : 6 * at + 6]: name for at, name in enumerate(status.COLORS)}
        return DARK if value == "000000" else colors[value]

    def rises(self, count: int, within_s: float, after: int | None = None) -> list[tuple[float, str]]:
        """The next so many times that it lights up; with `after`: from events[after] on."""
        after = len(self.vboard.events) if after is None else after
        end_s = time.monotonic() + within_s
        while True:
            found = [(at_s, color) for at_s, color in self.seen(after) if color != DARK]
            if len(found) >= count:
                return found[:count]
            assert time.monotonic() < end_s, f"lit up {len(found)} times of {count} within {within_s} s"
            time.sleep(0.05)

    def even(self, within_s: float = 15.0) -> tuple[float, set[str]]:
        """The period of an even blinking in seconds, and its colours."""
        rises = self.rises(4, within_s)
        apart_s = [after - before for (before, _), (after, _) in itertools.pairwise(rises)]
        return statistics.median(apart_s), {color for _, color in rises}

    def blinks(self, within_s: float = 15.0) -> tuple[int, set[str]]:
        """How often it lights up between the next two pauses, and in which colours."""
        after, count, pauses = len(self.vboard.events), 1, [0]
        found: list[tuple[float, str]] = []
        while len(pauses) < 3:
            count += 1
            found = self.rises(count, within_s, after)
            if found[-1][0] - found[-2][0] > 1.0:
                pauses.append(count - 1)
        return pauses[2] - pauses[1], {color for _, color in found[pauses[1] : pauses[2]]}
