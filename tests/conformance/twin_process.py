"""A twin in a process of its own, whose memory and descriptors can be read from outside."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

_START_S = 20.0
_SETTLE_S = 5.0


class TwinProcess:
    """A context manager; `facts` are what it printed. Skips the test where there is no /proc."""

    def __init__(self, *, credentials: int = 0, **settings: Any) -> None:
        if not Path("/proc/self/statm").exists():
            pytest.skip("no /proc here to read another process' memory from")
        asked = json.dumps({"settings": settings, "credentials": credentials})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.conformance.serving", asked],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.facts: dict[str, Any] = json.loads(self._process.stdout.readline())
        self.port = int(self.facts["port"])
        self.idle_descriptors = self.descriptors

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._process.communicate("", timeout=_START_S)
                assert self._process.returncode == 0
        finally:
            self._process.kill()
            self._process.communicate()

    @property
    def memory_bytes(self) -> int:
        """What it holds in RAM."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def descriptors(self) -> int:
        """Files and sockets that it has open."""
        return len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))

    def is_idle(self) -> bool:
        """Whether it soon has no more open than before its first client."""
        end_s = time.monotonic() + _SETTLE_S
        while self.descriptors > self.idle_descriptors and time.monotonic() < end_s:
            time.sleep(0.02)
        return self.descriptors <= self.idle_descriptors
