"""What the interpreter prints, made into what a board prints: line ends, banner, raw REPL after a reset."""

import re
from collections.abc import Callable
from enum import Enum

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_FRIENDLY_ENDS = (b"for more information.\r\n>>> ", b"for paste mode\r\n>>> ")
_PROMPT = b">>> "
_TAIL_BYTES = 200

# The unix port leaves "\n" to the terminal, a board sends "\r\n"; what goes through sys.stdout.buffer is
# binary on both. 0xff cannot occur in text, so device/sys_board.py writes 0xff "n" there for "\n", and 0xff
# twice for itself.
_ESCAPE = b"\xff"
_ESCAPED_NEWLINE = b"n"
_TO_COOK = re.compile(rb"\xff(.)|\r?\n", re.DOTALL)


class LineEnds:
    """ "\\n" becomes "\\r\\n", except after "\\r" and in binary output. Works on chunks cut anywhere."""

    def __init__(self) -> None:
        self._held = b""
        self._after_cr = False

    def cook(self, data: bytes) -> bytes:
        """What a board's console would show."""
        data, self._held = self._held + data, b""
        if (len(data) - len(data.rstrip(_ESCAPE))) % 2:
            data, self._held = data[:-1], _ESCAPE
        if not data:
            return b""
        head = b"\n" if self._after_cr and data.startswith(b"\n") else b""
        self._after_cr = data.endswith(b"\r")
        return head + _TO_COOK.sub(_cooked, data[len(head) :])


def _cooked(match: re.Match[bytes]) -> bytes:
    escaped: bytes | None = match[1]
    if escaped is None:
        return b"\r\n"
    return b"\n" if escaped == _ESCAPED_NEWLINE else escaped


class Phase(Enum):
    BOOT = 1  # boot.py and main.py run
    FRIENDLY_BANNER = 2  # they have ended; the interpreter's own banner comes
    RAW_BANNER = 3  # ... and Ctrl-A was sent after it
    LIVE = 4


class Screen:
    """The console of one life of the interpreter. `raw`: its REPL is, or will be, the raw one.

    mark: what device/devboot.py prints when it hands over to the REPL; start_raw: the board was reset from
    the raw REPL, so it comes back in it, without the friendly banner.
    """

    def __init__(
        self, mark: bytes, machine_name: str, *, start_raw: bool, to_child: Callable[[bytes], None]
    ) -> None:
        self.raw = start_raw
        self.phase = Phase.BOOT
        self._mark = mark
        self._machine_name = machine_name.encode()
        self._start_raw = start_raw
        self._to_child = to_child
        self._line_ends = LineEnds()
        self._held = b""
        self._tail = b""

    def feed(self, data: bytes) -> bytes:
        """Takes what the interpreter wrote; returns what the host is to read."""
        data = self._line_ends.cook(data)
        if self.phase is Phase.LIVE:
            return self._live(data)
        self._held += data
        return self._boot() if self.phase is Phase.BOOT else self._banner()

    def rest(self) -> bytes:
        """What was held back, once the interpreter has ended."""
        held, self._held = self._held, b""
        return held if self.phase is Phase.BOOT else b""

    def _boot(self) -> bytes:
        before, mark, after = self._held.partition(self._mark)
        if not mark:
            keep = _overlap(self._held, self._mark)
            out, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
            return out
        self.phase, self._held = Phase.FRIENDLY_BANNER, after
        return before + self._banner()

    def _banner(self) -> bytes:
        if self.phase is Phase.FRIENDLY_BANNER:
            banner, prompt, after = self._held.partition(_PROMPT)
            if not prompt:
                return b""
            self._held = after
            if not self._start_raw:
                self.phase, self._held = Phase.LIVE, b""
                return self._own_banner(banner) + prompt + self._live(after)
            self.phase = Phase.RAW_BANNER
            self._to_child(b"\x01")
        _, banner, after = self._held.partition(RAW_BANNER)
        if not banner:
            return b""
        self.phase, self._held, self.raw = Phase.LIVE, b"", True
        return banner + self._live(after)

    def _own_banner(self, banner: bytes) -> bytes:
        """The interpreter's, with the board's name in it."""
        first, end, rest = banner.partition(b"\r\n")
        return first.partition(b"; ")[0] + b"; " + self._machine_name + end + rest

    def _live(self, data: bytes) -> bytes:
        self._tail = (self._tail + data)[-_TAIL_BYTES:]
        raw_at = self._tail.rfind(RAW_BANNER)
        friendly_at = max(self._tail.rfind(end) for end in _FRIENDLY_ENDS)
        if raw_at != friendly_at:
            self.raw = raw_at > friendly_at
        return data


def _overlap(data: bytes, mark: bytes) -> int:
    """How many bytes at the end of data may be the beginning of mark."""
    return next((n for n in range(min(len(data), len(mark) - 1), 0, -1) if data.endswith(mark[:n])), 0)
