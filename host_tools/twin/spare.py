"""What a listener does when this process may open no more files: it turns new connections away.

asyncio would leave them waiting, try again a thousand times at once, and write a traceback for each.
"""

import errno
import logging
import os
import time
from collections.abc import Callable
from typing import Any

_LOG = logging.getLogger(__name__)
_OUT_OF_FILES = frozenset((errno.EMFILE, errno.ENFILE))
_PAUSE_S = 10.0


class Spare:
    """One open file in reserve, given up for the moment that it takes to accept and close a connection."""

    def __init__(self) -> None:
        self._file = _open()
        self._told_s = float("-inf")

    def turns_away(self, error: OSError, accept: Callable[[], tuple[Any, Any]]) -> bool:
        """Close the connection that `accept` failed on with `error`; False where files are not the matter.

        Raises what `accept` raises with a file to spare: BlockingIOError where nobody waits, as the system
        says that there are no more files before it looks.
        """
        if error.errno not in _OUT_OF_FILES or self._file < 0:
            return False
        os.close(self._file)
        try:
            accept()[0].close()
        finally:
            self._file = _open()
        self._tell()
        return True

    def close(self) -> None:
        """Twice does no harm."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def _tell(self) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s >= _PAUSE_S:
            self._told_s = now_s
            _LOG.warning("twin: no more files can be opened; new connections are turned away")


def _open() -> int:
    try:
        return os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return -1  # another thread was quicker
