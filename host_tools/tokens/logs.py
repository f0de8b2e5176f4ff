"""One JSON object a line for each event: names, counts and reasons; nothing that opens a door."""

import json
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO


class Log:
    """Writes to `out`; when its reader is gone it falls silent, which is no reason to stop serving."""

    def __init__(self, clock: Callable[[], float], out: TextIO | None = None, **always: str) -> None:
        self._clock = clock
        self._out = out or sys.stderr
        self._always = always
        self._lock = threading.Lock()

    def event(self, what: str, **facts: object) -> None:
        """`log.event("applied", kind="R", fingerprint=...)`."""
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "event": what, **self._always, **facts}, default=str)
        try:
            with self._lock:
                self._out.write(line + "\n")
                self._out.flush()
        except (OSError, ValueError):
            return
