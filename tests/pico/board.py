"""The emulated Pico W for tests: a process of its own with real firmware, and what it says."""

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from host_tools import paths
from host_tools.boards.definition import Board
from host_tools.boards.image import build_image, write_image

# A minute of the guest is about half an hour here, and more where others compute.
PATIENCE_S = 3600.0
_END_S = 20.0


@dataclass(frozen=True)
class Told:
    """`line` of the console, or `event` and `text` of the emulator; `us` since power-on, by the guest."""

    us: int
    line: str = ""
    event: str = ""
    text: str = ""


class PicoBoard:
    """A context manager: on inside. `told` holds all that it has said.

    `routes`: `name:port` to a port on loopback; nothing else can be reached.
    """

    def __init__(
        self, uf2: Path, board: Board, folder: Path, files: Mapping[str, bytes], routes: Mapping[str, int]
    ) -> None:
        image = folder / "pico.img"
        write_image(image, build_image(board, files))
        self._setup = {
            "uf2": str(uf2),
            "filesystem": str(image),
            "offset": board.filesystem.offset,
            "routes": dict(routes),
        }
        self._errors = folder / "emulator.err"
        self.told: list[Told] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __enter__(self) -> "PicoBoard":
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.pico.emulator"],
                cwd=paths.FIRMWARE.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.ask(json.dumps(self._setup))
        self._reader = threading.Thread(target=self._read, name="emulated Pico W", daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(self, word: str) -> None:
        """One line to the emulator: see its own words."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def lines(self, within_s: float) -> Iterator[str]:
        """The console's lines that are there; waits for the first. For `host_tools.demo.console.Console`."""
        try:
            yield self._lines.get(timeout=within_s)
            while True:
                yield self._lines.get_nowait()
        except queue.Empty:
            self._check_alive("a line")

    def wait_line(self, beginning: str) -> Told:
        """The first console line that begins so."""
        return self._wait(lambda told: told.line.startswith(beginning), beginning)

    def wait_event(self, event: str, text: str = "") -> Told:
        """The first such event of the emulator."""
        return self._wait(lambda told: told.event == event and told.text.startswith(text), f"{event} {text}")

    def _wait(self, fits: Callable[[Told], bool], what: str) -> Told:
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            for told in list(self.told):
                if fits(told):
                    return told
            self._check_alive(what)
            time.sleep(0.05)
        raise TimeoutError(f"no {what!r} within {PATIENCE_S:g} s: {self.told[-5:]}")

    def _check_alive(self, what: str) -> None:
        if self._process.poll() is not None:
            said = self._errors.read_text("utf-8", "replace")[-2000:]
            raise AssertionError(f"the emulator has ended without {what!r}: {self.told[-5:]}\n{said}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            told = Told(**json.loads(text))
            self.told.append(told)
            if not told.event:
                self._lines.put(told.line)
