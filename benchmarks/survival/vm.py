"""A script in MicroPython, watched: what it says while it runs, and how it ends."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.vboard.process import find_micropython

_ERROR = re.compile(r"^([A-Za-z_][\w.]*)(?::.*)?$")


@dataclass
class Script:
    """A running script; `out` and `err` are files, which it fills."""

    process: "subprocess.Popen[bytes]"
    out: Path
    err: Path

    def said(self) -> list[str]:
        """Its lines so far."""
        return self.out.read_text(errors="replace").splitlines()

    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self.process.poll() is not None

    def error(self) -> str:
        """The last line of its traceback; the signal's name; "" if it ended well or runs."""
        code = self.process.poll()
        if not code:
            return ""
        if code < 0:
            return signal.Signals(-code).name
        lines = (self.err.read_text(errors="replace") + self.out.read_text(errors="replace")).strip()
        return lines.splitlines()[-1].strip() if lines else f"exit code {code}"

    def error_name(self) -> str:
        """The exception's name in `error`."""
        found = _ERROR.match(self.error())
        return found[1] if found else self.error()


@contextmanager
def running(
    script: Path, arguments: tuple[str, ...], path: str, folder: Path, given: Mapping[str, Any]
) -> Iterator[Script]:
    """The script on a heap of 96 KiB as on a board, with `given` as JSON on stdin; killed on leaving.

    `folder` is its own, and private: the login goes through the pipe and not to a file.
    """
    folder.mkdir(parents=True)
    out, err = folder / "out", folder / "err"
    command = [find_micropython(), "-X", "heapsize=96wk", str(script), *arguments]
    with open(out, "wb") as out_file, open(err, "wb") as err_file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=out_file,
            stderr=err_file,
            cwd=folder,
            env={"PATH": os.defpath, "MICROPYPATH": path},
            start_new_session=True,
        )
    try:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(given).encode() + b"\n")
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended before it read: its error says why
        yield Script(process, out, err)
    finally:
        process.kill()
        process.wait()
