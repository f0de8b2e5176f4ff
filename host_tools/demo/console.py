"""The agent's console as events, with the moment each arrived and what went wrong on the way."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from host_tools.errors import DeviceError

_LINE = re.compile(r"devcred (\d+) ([a-z-]+)(?: (.*))?")
_POLL_S = 0.1
# After these the agent waits to be provisioned: nothing that is waited for will come.
_FINAL = ("no-credential", "bad-config")
_TROUBLE = ("lost", "refused", "waiting")


@dataclass(frozen=True)
class Said:
    """One event: ms since boot by the device's clock, seconds by `time.monotonic` here."""

    device_ms: int
    name: str
    text: str
    at_s: float

    def value(self, key: str) -> str:
        """What stands behind `key=` in the text, or an empty string."""
        found = re.search(rf"(?:^|\s){re.escape(key)}=(\S+)", self.text)
        return found[1] if found else ""


def parse(line: str, at_s: float) -> Said | None:
    """The event in a console line, or None for any other line."""
    found = _LINE.fullmatch(line.strip())
    return Said(int(found[1]), found[2], found[3] or "", at_s) if found else None


class Console:
    """Reads events in order. `lines` gives the lines that arrive within so many seconds."""

    def __init__(
        self,
        lines: Callable[[float], Iterator[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lines = lines
        self._clock = clock
        self._waiting: deque[Said] = deque()
        self._trouble = ""

    def expect(self, name: str, within_s: float) -> Said:
        """The next event called `name`, what comes before it passed over.

        DeviceError when it has not come in time, with the last trouble the device told of, and
        at once when the device says that it cannot go on.
        """
        end_s = self._clock() + within_s
        while True:
            while self._waiting:
                said = self._waiting.popleft()
                if said.name == name:
                    return said
                self._note(said)
            if self._clock() >= end_s:
                raise self._missing(name, within_s)
            self._read()

    def _read(self) -> None:
        for line in self._lines(_POLL_S):
            said = parse(line, self._clock())
            if said:
                self._waiting.append(said)

    def _note(self, said: Said) -> None:
        if said.name in _FINAL:
            raise DeviceError(
                f"says {said.name} {said.text}".rstrip(), where="device", do="provision it again"
            )
        if said.name in _TROUBLE:
            self._trouble = f"{said.name} {said.text}".rstrip()

    def _missing(self, name: str, within_s: float) -> DeviceError:
        last = f"; it last said: {self._trouble}" if self._trouble else ""
        return DeviceError(f"no `{name}` within {within_s:g} s{last}", where="device")
