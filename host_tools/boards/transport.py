"""A board behind a serial port: its files, its prompt, its console.

Every trouble is a BoardError that says what to do, and every wait has an end.
"""

import ast
import contextlib
import termios
import time
from collections.abc import Iterator
from typing import Any

from host_tools.boards import port as ports
from host_tools.boards.console import LineReader
from host_tools.boards.wire import PATIENCE_S, Wire

_EXEC_S = 30.0
_RESET_DELAY_MS = 100
_FOLDER_BIT = 0x4000

_PROBE = """
import sys, os, time
try:
    from machine import unique_id
except ImportError:
    unique_id = bytes
_m = os.uname().machine if hasattr(os, "uname") else getattr(sys.implementation, "_machine", "")
_f = os.statvfs("/")
print({"machine": _m, "version": ".".join(str(n) for n in sys.implementation.version[:3]),
 "unique_id": unique_id().hex(), "epoch": time.gmtime(0)[0], "free_bytes": _f[0] * _f[3]})
"""
_PROBED = {"machine", "version", "unique_id", "epoch", "free_bytes"}


class BoardLink:
    """One open port. The first call that needs it interrupts what the board runs.

    Paths are the device's. A path that cannot be used raises a BoardError that names it.
    """

    def __init__(self, port: str, patience_s: float = PATIENCE_S) -> None:
        self.port = port
        self._wire = Wire(port, patience_s)
        self._lines = LineReader()

    def close(self) -> None:
        """Leave the board at its prompt and free the port; a second call does nothing."""
        self._wire.close()

    def exec(self, code: str, timeout_s: float = _EXEC_S) -> str:
        """Run `code` on the board and return what it printed, lines ending in `\\n`.

        timeout_s: the longest silence.
        """
        with self._wire.raw() as board:
            printed = board.run(code, timeout_s)
        return printed.decode("utf-8", "replace").replace("\r\n", "\n")

    def probe(self) -> dict[str, Any]:
        """What the board says of itself.

        Keys: machine, version ("1.29.0"), unique_id (hex), epoch (year), free_bytes (of the
        file system).
        """
        try:
            found = ast.literal_eval(self.exec(_PROBE).strip())
        except (SyntaxError, ValueError):
            found = None
        if not isinstance(found, dict) or set(found) != _PROBED:
            raise ports.silent(self.port)
        return found

    def write_file(self, path: str, content: bytes) -> None:
        """Make or replace the file; its folder must be there."""
        with self._wire.raw(path) as board:
            board.fs_writefile(path, content)

    def read_file(self, path: str) -> bytes:
        """The file's content."""
        with self._wire.raw(path) as board:
            return bytes(board.fs_readfile(path))

    def sha256(self, path: str) -> str | None:
        """Hex digest of the file, computed by the board from its flash; None if there is none."""
        with self._wire.raw(path) as board, contextlib.suppress(FileNotFoundError):
            return bytes(board.fs_hashfile(path, "sha256")).hex()
        return None

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that name is there."""
        with self._wire.raw(path) as board, contextlib.suppress(FileNotFoundError):
            board.fs_stat(path)
            return True
        return False

    def list(self, path: str = "/") -> list[str]:
        """Names in the folder, a folder's with a `/` at its end; empty if it is not there."""
        with self._wire.raw(path) as board, contextlib.suppress(FileNotFoundError):
            entries = board.fs_listdir(path)
            return sorted(entry.name + "/" * bool(entry.st_mode & _FOLDER_BIT) for entry in entries)
        return []

    def remove(self, path: str) -> None:
        """Remove the file; nothing happens if it is not there."""
        with self._wire.raw(path) as board, contextlib.suppress(FileNotFoundError):
            board.fs_rmfile(path)

    def makedirs(self, path: str) -> None:
        """Make the folder and those above it, where they are not there yet."""
        made = ""
        for part in path.strip("/").split("/"):
            made += "/" + part
            with self._wire.raw(made) as board, contextlib.suppress(FileExistsError):
                board.fs_mkdir(made)

    def reset(self) -> None:
        """Restart the board as its button does, without waiting for it; see `console`."""
        with self._wire.raw() as board:
            # Late enough for the answer that the code has arrived.
            board.exec_raw_no_follow(
                f"import machine, time\ntime.sleep_ms({_RESET_DELAY_MS})\nmachine.reset()"
            )
            board.in_raw_repl = False
        self._lines = LineReader()

    def console(self, deadline_s: float) -> Iterator[str]:
        """The lines that the board prints from now on, for `deadline_s` seconds.

        A port that goes away, as USB does when a board restarts, is opened again; BoardError
        if it does not come back in time.
        """
        end_s = time.monotonic() + deadline_s
        while time.monotonic() < end_s:
            try:
                yield from self._lines.read(self._wire.transport.serial)
            except (OSError, termios.error):
                self._wire.reopen(end_s)


@contextlib.contextmanager
def open_board(port: str, patience_s: float = PATIENCE_S) -> Iterator[BoardLink]:
    """The board at `port`; BoardError tells apart a port that is missing, busy or forbidden.

    `patience_s` is how long a board that does not answer is asked: it may be starting up.
    """
    link = BoardLink(port, patience_s)
    try:
        yield link
    finally:
        link.close()
