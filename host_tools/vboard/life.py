"""One start of the interpreter: its process, what it printed, and what the host has typed for it."""

import contextlib
import os
import secrets
from collections.abc import Mapping

from host_tools.vboard.chip import Chip
from host_tools.vboard.console import Screen
from host_tools.vboard.events import EventReader
from host_tools.vboard.process import BoardProcess
from host_tools.vboard.setup import DeviceSetup

_CHUNK_BYTES = 65536
_INTERRUPT = b"\x03"


class Life:
    """Ends with end(). started turns true when boot.py is about to run; typing is kept until then."""

    def __init__(
        self,
        program: str,
        setup: DeviceSetup,
        chip: Chip,
        image_fd: int,
        *,
        air: Mapping[str, object],
        pins: Mapping[str, int],
        start_raw: bool,
    ) -> None:
        mark = f"\x00\x0f{secrets.token_hex(8)}\x00"
        content = setup.content(chip, air=air, pins=pins, mark=mark, run_main=not start_raw)
        self.process = BoardProcess(program, setup.arguments(), image_fd, content)
        self.events = EventReader(self.process.events)
        self.screen = Screen(
            mark.encode(), setup.board.machine_name, start_raw=start_raw, to_child=self._send
        )
        self.started = False
        self.last_line = ""
        self._typed = bytearray()
        self._early = bytearray()

    def read(self) -> bytes | None:
        """What the host is to see next; None if the interpreter has closed its console: it has ended."""
        try:
            data = os.read(self.process.console, _CHUNK_BYTES)
        except BlockingIOError:
            return b""
        except OSError:  # EIO
            return None
        if not self.started:
            self._remember(data)
        return self.screen.feed(data) if data else None

    def _remember(self, data: bytes) -> None:
        """The last line of an interpreter that does not get as far as boot.py says why."""
        lines = data.decode("utf-8", "replace").strip().splitlines()
        self.last_line = lines[-1] if lines else self.last_line

    def start_listening(self) -> None:
        """The interpreter is up; a Ctrl-C now finds the board's program and not the one that loads it."""
        self.started = True
        early, self._early = bytes(self._early), bytearray()
        self.type(early)

    def type(self, data: bytes) -> None:
        """Bytes from the host. Ctrl-C is an interrupt where a board takes it as one, and a byte elsewhere."""
        if not self.started:
            self._early += data
            return
        first, *others = data.split(_INTERRUPT)
        self._send(first)
        for part in others:
            if not self.process.interrupt():
                self._send(_INTERRUPT)
            self._send(part)

    @property
    def has_typing(self) -> bool:
        return bool(self._typed)

    @property
    def typing_bytes(self) -> int:
        return len(self._typed) + len(self._early)

    def flush(self) -> None:
        """Hands over as much of the typing as the interpreter's terminal takes."""
        try:
            while self._typed:
                del self._typed[: os.write(self.process.console, self._typed)]
        except BlockingIOError:
            pass
        except OSError:  # it has ended
            self._typed.clear()

    def _send(self, data: bytes) -> None:
        self._typed += data
        self.flush()

    def tell(self, line: str) -> None:
        """One line for the stand-ins; lost only if the program has not looked for hundreds of them."""
        with contextlib.suppress(OSError):  # also: it has ended
            os.write(self.process.control, line.encode() + b"\n")

    def end(self) -> tuple[bytes, int]:
        """(what it still had to say, exit code)."""
        said, code = self.process.end()
        return self.screen.feed(said) + self.screen.rest(), code
