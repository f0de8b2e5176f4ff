"""What the device tells its supervisor: one line of text per event, over a pipe that it inherits."""

import os
from dataclasses import dataclass

_CHUNK_BYTES = 65536


@dataclass(frozen=True)
class Event:
    """Something that happened to a virtual board.

    at_s is host monotonic time; kind and text are one of: `power-on`, `reset <soft|hard|watchdog|crash>`,
    `boot`, `led <pin> <level>` (any output), `pixel <pin> <hex>` (a NeoPixel's bytes as on the wire),
    `pin <pin> <level>` (what drives it from outside),
    `wdt <timeout_ms>`, `timer <id> <period_ms>`, `rtc set`, `net <up|down> ...`,
    `radio power <wlan|led>` (what powered a chip up), `radio off`, `radio saving <0|1>` (switched on, or
    set), `flash <fault>`, `exit <code>` (it died), `failed <reason>`, `power-off`.
    """

    at_s: float
    kind: str
    text: str = ""


class EventReader:
    """Cuts the byte stream of one pipe into lines; half a line waits for its end."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""

    def fileno(self) -> int:
        return self._fd

    def read(self) -> list[tuple[str, str]] | None:
        """(kind, text) of the events that have come; None once the writer is gone. Never blocks."""
        try:
            data = os.read(self._fd, _CHUNK_BYTES)
        except BlockingIOError:
            return []
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [_split(line) for line in lines]


def _split(line: bytes) -> tuple[str, str]:
    kind, _, text = line.decode("utf-8", "replace").partition(" ")
    return kind, text
