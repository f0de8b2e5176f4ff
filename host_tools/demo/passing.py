"""A board's console while time is skipped: for the twin, the token server and the board alike."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from host_tools.demo.console import Said, parse
from host_tools.errors import DeviceError
from host_tools.twin.clock import ManualClock
from host_tools.vboard import VirtualBoard

_LOOK_S = 0.05
_SLICE_S = 2.0


@dataclass
class Passing:
    """`said` are the console's events so far.

    `clock` follows the computer's, as the board's does, and both leap over what is skipped. Were it behind
    by the seconds between two looks, the device would come for new tokens before its server has made them.
    """

    clock: ManualClock
    vboard: VirtualBoard
    lines: Callable[[float], Iterator[str]]
    said: list[Said] = field(default_factory=list)
    skipped_s: float = 0.0
    seen_s: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Take in what is said within a short while."""
        for line in self.lines(_LOOK_S):
            event = parse(line, time.monotonic())
            if event:
                self.said.append(event)
        now_s = time.monotonic()
        self.clock.advance(now_s - self.seen_s)
        self.seen_s = now_s

    def skip(self, seconds: float, slice_s: float = _SLICE_S) -> None:
        """Let so much time pass, in slices between which everybody gets a turn."""
        left_s = seconds
        while left_s > 0:
            step_s = min(slice_s, left_s)
            self.vboard.skip(step_s)
            self.clock.advance(step_s)
            self.skipped_s += step_s
            left_s -= step_s
            self.look()

    def expect(self, name: str, text: str = "", *, after: int, within_s: float) -> tuple[Said, int]:
        """The first event of this name with this in its text among `said[after:]`, and the number behind it.

        DeviceError if it has not come within so many seconds of real time.
        """
        end_s = time.monotonic() + within_s
        while True:
            for number in range(after, len(self.said)):
                event = self.said[number]
                if event.name == name and text in event.text:
                    return event, number + 1
            if time.monotonic() >= end_s:
                raise DeviceError(
                    f"no `{name} {text}` within {within_s:g} s{self._trouble()}", where="device"
                )
            self.look()

    def count(self, *names: str, after: int = 0) -> int:
        """How many events of these names there were."""
        return sum(event.name in names for event in self.said[after:])

    def _trouble(self) -> str:
        last = [event for event in self.said if event.name in ("lost", "refused", "token", "waiting")][-1:]
        return f"; it last said: {last[0].name} {last[0].text}" if last else ""
