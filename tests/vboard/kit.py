"""What these tests share: an image with files, a terminal on the board's port, the real mpremote."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host_tools.boards.definition import Board
from host_tools.boards.image import build_image
from host_tools.vboard import VirtualBoard

DEADLINE_S = 10.0
MPREMOTE = Path(sys.executable).parent / "mpremote"


def image_with(path: Path, board: Board, **files: str) -> Path:
    """An image whose root has boot.py from boot=..., main.py from main=..., and so on."""
    path.write_bytes(build_image(board, {f"{name}.py": text.encode() for name, text in files.items()}))
    return path


class Terminal:
    """What a user with a terminal program has: bytes typed, bytes shown. The port is raw already."""

    def __init__(self, port: str) -> None:
        self._fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
        self.shown = b""

    def type(self, data: bytes) -> None:
        os.write(self._fd, data)

    def wait_for(self, pattern: bytes, deadline_s: float = DEADLINE_S) -> re.Match[bytes]:
        """The first match in what is shown from here on; what was shown up to its end is then done with."""
        until_s = time.monotonic() + deadline_s
        while not (match := re.search(pattern, self.shown, re.DOTALL)):
            left_s = until_s - time.monotonic()
            assert left_s > 0, f"no {pattern!r} within {deadline_s} s in {self.shown!r}"
            if select.select([self._fd], [], [], left_s)[0]:
                self.shown += os.read(self._fd, 65536)
        self.shown = self.shown[match.end() :]
        return match

    def run(self, code: str) -> str:
        """Runs one line at the friendly prompt, which is there already; what it printed."""
        self.type(code.encode() + b"\r")
        return self.wait_for(re.escape(code.encode()) + rb"\r\n(.*)>>> $")[1].decode().strip()

    def close(self) -> None:
        os.close(self._fd)


@contextmanager
def terminal(port: str) -> Iterator[Terminal]:
    opened = Terminal(port)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def running(image: Path, board: Board, **options: object) -> Iterator[tuple[VirtualBoard, Terminal]]:
    """A board that runs, and a terminal that sees all of its output: it is open before the power is on."""
    made = VirtualBoard(image, board, **options)  # type: ignore[arg-type]
    with terminal(made.plug_in()) as screen, made:
        yield made, screen


def mpremote(port: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The real command; PYTHONUNBUFFERED would change the order of its output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [MPREMOTE, "connect", port, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
