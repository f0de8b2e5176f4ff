"""`devcred twin` as a process, as its users run it."""

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

COMMAND = str(Path(sys.executable).parent / "devcred")
FREE = tuple(
    word
    for option in ("port", "tls-port", "ws-port", "wss-port", "api-port")
    for word in (f"--{option}", "0")
)


class TwinProcess:
    """A context manager; kills what still runs at its end. `facts` is the command's first line."""

    def __init__(self, folder: Path, *arguments: str, limit: str = "") -> None:
        """Runs in `folder`; `limit` is what the shell's `ulimit` takes, such as `-n 128`."""
        self.folder = folder
        self._command = [COMMAND, "twin", *FREE, "--json", *arguments]
        if limit:
            self._command = ["bash", "-c", f'ulimit {limit} && exec "$0" "$@"', *self._command]

    def __enter__(self) -> Self:
        # To a file: a pipe that nobody reads would fill, and the twin wait for it.
        with open(self.folder / "stderr", "wb") as talk:
            self.process = subprocess.Popen(
                self._command,
                stdout=subprocess.PIPE,
                stderr=talk,
                cwd=self.folder,
                text=True,
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.said()
        self.facts: dict[str, Any] = json.loads(line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def said(self) -> str:
        """What it wrote to stderr so far."""
        return (self.folder / "stderr").read_text()

    def until_said(self, text: str) -> None:
        """Until it has written `text` to stderr; a deadline of 10 s."""
        end_s = time.monotonic() + 10
        while text not in self.said():
            assert time.monotonic() < end_s, self.said()
            time.sleep(0.01)

    def end(self, number: signal.Signals) -> int:
        """Send a signal; the exit code, once it has ended."""
        self.process.send_signal(number)
        return self.process.wait(20)


def allow_files(count: int) -> int:
    """Raise this process's limit on open files to `count`, or as far as it goes; what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
