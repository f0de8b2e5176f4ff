"""A board's console as lines of text."""

from collections.abc import Iterator

from serial import Serial

_READ_S = 0.1
_MOST_BYTES = 4096


class LineReader:
    """Cuts what a port sends into lines; keeps the beginning of one that has not ended yet."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self, port: Serial) -> Iterator[str]:
        """The lines that ended by now; waits a moment for the first byte."""
        port.timeout = _READ_S
        self._rest += port.read(max(1, min(port.in_waiting, _MOST_BYTES)))
        *lines, self._rest = self._rest.split(b"\n")
        # What never ends is no line: a board whose serial speed is wrong sends such.
        if len(self._rest) > _MOST_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
