"""The board's serial port as a host sees it: a pty, a link to it, a UART's indifference to being read."""

import contextlib
import os
import time
import tty
from collections.abc import Callable
from pathlib import Path

from host_tools.errors import MachineError

_CHUNK_BYTES = 65536
_BACKLOG_MAX_BYTES = 65536
_PATIENCE_S = 1.0


class SerialPort:
    """The supervisor keeps the pty's other end open too, so that nothing breaks between two connections.

    A UART does not wait for a reader. Whether one is there cannot be asked of a pty, so what nobody has begun
    to take for _PATIENCE_S is thrown away.
    """

    def __init__(self, link: Path | None) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.name = os.ttyname(self._slave)
        self._link = link
        self._backlog = bytearray()
        self._taken_s = 0.0
        if link is not None:
            _make_link(link, self.name, self.close)

    def fileno(self) -> int:
        return self._master

    def read(self) -> bytes:
        try:
            return os.read(self._master, _CHUNK_BYTES)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        if not self._backlog:
            self._taken_s = time.monotonic()
        self._backlog += data
        self.flush()

    @property
    def has_backlog(self) -> bool:
        return bool(self._backlog)

    @property
    def is_full(self) -> bool:
        """The program on the board should be made to wait, as by a UART whose buffer is full."""
        return len(self._backlog) > _BACKLOG_MAX_BYTES

    def flush(self) -> None:
        """Hands over what the terminal takes; drops the rest once it has taken nothing for a while."""
        now_s = time.monotonic()
        with contextlib.suppress(BlockingIOError):
            while self._backlog:
                del self._backlog[: os.write(self._master, self._backlog)]
                self._taken_s = now_s
        if self._backlog and now_s - self._taken_s > _PATIENCE_S:
            self._backlog.clear()

    def close(self) -> None:
        if self._link is not None and self._link.is_symlink() and os.readlink(self._link) == self.name:
            self._link.unlink()
        os.close(self._slave)
        os.close(self._master)


def _make_link(link: Path, target: str, on_failure: Callable[[], None]) -> None:
    try:
        if link.is_symlink():
            link.unlink()
        link.symlink_to(target)
    except OSError as exc:
        on_failure()
        raise MachineError(
            f"cannot make the link {link}: {exc.strerror}", where="vboard", do="name another path"
        ) from None
