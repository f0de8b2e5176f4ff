"""A command under observation: what it starts, opens and leaves behind."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).parent / "devcred")
_DEADLINE_S = 30.0
_NOTE = "devcred: interrupted"


class Watched:
    """The command as leader of a process group of its own, as a terminal would run it.

    Its temporary files go to `folder`, and its interpreters carry a name that no other process
    has, so that they are found wherever they are.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        program: Sequence[str] = (COMMAND,),
        deadline_s: float = _DEADLINE_S,
    ) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.mark = f"micropython-{uuid.uuid4().hex}"
        interpreter = os.environ.get("MICROPYTHON") or str(Path(sys.executable).parent / "micropython")
        os.symlink(os.path.realpath(shutil.which(interpreter) or interpreter), folder / self.mark)
        env = {name: os.environ[name] for name in ("PATH", "DEVCRED_CACHE", "HOME") if name in os.environ}
        env |= {"TMPDIR": str(self.temporary), "MICROPYTHON": str(folder / self.mark)}
        env |= {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
        self.lines: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [*program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            text=True,
            start_new_session=True,
        )
        # Every wait for the command ends with it.
        self._late = threading.Timer(deadline_s, self.process.kill)
        self._late.start()

    def until(self, done: Callable[[dict[str, Any]], bool]) -> None:
        """Reads JSON lines until one is what is waited for."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            if done(self.lines[-1]):
                return
        raise AssertionError(f"the command ended first: {self.finish()}")

    def until_handling(self) -> None:
        """Until it has its own handler for SIGTERM: from there on it is ours, no longer Python's start."""
        end_s = time.monotonic() + _DEADLINE_S
        while time.monotonic() < end_s:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
            if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
                return
            time.sleep(0.002)
        raise AssertionError("the command did not start")

    def signal_all(self, number: signal.Signals) -> None:
        """To the whole group, as a terminal does with Ctrl-C."""
        os.killpg(self.process.pid, number)

    def finish(self) -> tuple[int, str]:
        """(exit code, stderr) once it has ended; it is killed at the deadline."""
        assert self.process.stdout
        assert self.process.stderr
        # Not by `communicate`: it would miss what `until` has read ahead.
        self.lines += [json.loads(line) for line in self.process.stdout]
        err = self.process.stderr.read()
        return self.process.wait(), err

    def command_lines(self) -> list[str]:
        """Of all its processes, as any user of this computer can read them."""
        pids = _processes(self.mark, self.process.pid)
        return [(Path("/proc") / str(pid) / "cmdline").read_bytes().decode() for pid in pids]

    def left_behind(self) -> list[str]:
        """Processes, ports and files that are still there."""
        ports = [port for line in self.lines for port in line.get("ports", [])]
        left = [f"port {port}" for port in ports if _listens(port)]
        left += [f"file {path}" for path in self.temporary.rglob("*")]
        return left + [f"process {pid}" for pid in _processes(self.mark, self.process.pid)]

    def end(self) -> None:
        """Nothing of it is left from here on, whatever a failed test left running."""
        self._late.cancel()
        for pid in _processes(self.mark, self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _processes(mark: str, group: int) -> list[int]:
    """Those whose command line holds `mark`, and those of the process group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if words[0] != "Z" and (mark.encode() in command or int(words[2]) == group):
            found.append(int(folder.name))
    return found
