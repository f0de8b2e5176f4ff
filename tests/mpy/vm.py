"""The real MicroPython as a process: capped heap, little environment, a deadline."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DEVICE = Path(__file__).resolve().parent / "device"


@dataclass(frozen=True)
class Ended:
    """How a process ended. `returncode` is None where the deadline passed and it was killed."""

    returncode: int | None
    stdout: str
    stderr: str

    def why(self) -> str:
        """The end in words, for somebody who has to find the cause."""
        if self.returncode is None:
            return "MicroPython passed its deadline and was killed"
        if self.returncode < 0:
            return f"MicroPython was ended by {signal.Signals(-self.returncode).name}"
        return f"MicroPython ended with exit code {self.returncode}"


def interpreter() -> str:
    """The interpreter's path: MICROPYTHON, or the one installed beside this Python."""
    named = os.environ.get("MICROPYTHON") or str(Path(sys.executable).with_name("micropython"))
    found = shutil.which(named)
    if found is None:
        raise FileNotFoundError(f"{named}: no MicroPython there; name one in MICROPYTHON, or run make setup")
    return os.path.abspath(found)


def run(
    script: Path,
    arguments: Sequence[str],
    *,
    path: Sequence[Path],
    cwd: Path,
    deadline_s: float,
    heap: str = "96wk",
    stdin: str = "",
) -> Ended:
    """Runs `script` in the interpreter, in `cwd`; `path` is where it finds modules.

    `cwd` should hold no modules: the interpreter may look there first. Output is taken as
    UTF-8, what is not being replaced. A process that outlives `deadline_s` is killed.
    """
    environment = {
        "HOME": str(cwd),
        "PATH": os.defpath,
        "MICROPYPATH": ":".join([*map(str, path), ".frozen"]),
    }
    command = [interpreter(), "-X", f"heapsize={heap}", str(script), *arguments]
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    return _finish(process, stdin, deadline_s)


def _finish(process: "subprocess.Popen[str]", stdin: str, deadline_s: float) -> Ended:
    returncode: int | None
    try:
        stdout, stderr = process.communicate(stdin, timeout=deadline_s)
        returncode = process.returncode
    except subprocess.TimeoutExpired:
        _kill(process)
        stdout, stderr = process.communicate()
        returncode = None
    except BaseException:
        _kill(process)
        process.wait()
        raise
    return Ended(returncode, stdout, stderr)


def _kill(process: "subprocess.Popen[str]") -> None:
    # Its whole group: MICROPYTHON may name a wrapper, whose child would keep the pipes open.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.poll()
