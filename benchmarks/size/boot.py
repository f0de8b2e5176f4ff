"""Instructions from power-on to CONNACK, by phase, as callgrind counts them in the VM of a virtual board.

Counted is what the VM's process executes, C code of TLS and file system included; waiting costs next to
nothing. A few in a thousand differ from run to run, by TLS's random numbers.
"""

import os
import re
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.size.boards import Stage
from benchmarks.skipping import SkippedError
from host_tools.vboard.process import find_micropython

_TOTAL = re.compile(r"^(?:totals|summary): (\d+)", re.M)
# The VM's function behind `print`: the counts are written down whenever the agent tells of an event.
_AT_PRINT = "--dump-before=mp_builtin_print"
_MAIN = b"print('devcred 0 begin')\nfrom devcred import agent\nagent.main()\n"
# The event that ends each phase.
_PHASES = {
    "boot": "imports",
    "credential": "configuration, credential",
    "signed": "signature, CA certificate",
    "network": "Wi-Fi",
    "clock": "clock",
    "tls": "TLS handshake, CONNECT",
}
_WITHIN_S = 120.0


def measure(stage: Stage, features: Collection[str]) -> dict[str, int]:
    """Thousands of instructions by phase, and their sum. SkippedError where valgrind is missing."""
    if sys.platform != "linux" or shutil.which("valgrind") is None:
        raise SkippedError("valgrind is not installed (Debian: apt-get install valgrind)")
    told: list[str] = []
    with _under_callgrind(stage.folder), stage.board(features, _MAIN, told=told) as console:
        console.expect("connack", _WITHIN_S)
    counts = _counts(stage.folder)
    # The first count is the interpreter's own start, up to main.py's first word.
    spent = dict(zip(told, counts, strict=False))
    figures = {phase: round(spent[event] / 1000) for event, phase in _PHASES.items() if event in spent}
    return figures | {"all": sum(figures.values())}


@contextmanager
def _under_callgrind(folder: Path) -> Iterator[None]:
    """Boards that start meanwhile run in valgrind, which writes into `folder`."""
    options = f"--quiet --tool=callgrind {_AT_PRINT} --callgrind-out-file={folder}/callgrind"
    program = folder / "micropython"
    program.write_text(f'#!/bin/sh\nexec valgrind {options} {find_micropython()} "$@"\n')
    program.chmod(0o700)
    before = os.environ.get("MICROPYTHON")
    os.environ["MICROPYTHON"] = str(program)
    try:
        yield
    finally:
        del os.environ["MICROPYTHON"]
        if before is not None:
            os.environ["MICROPYTHON"] = before


def _counts(folder: Path) -> list[int]:
    """What was counted up to each print, in their order."""
    files = sorted(folder.glob("callgrind.*"), key=lambda file: int(file.suffix[1:]))
    found = [_TOTAL.search(file.read_text()) for file in files]
    counts = [int(each[1]) for each in found if each]
    if not any(counts):
        raise SkippedError("callgrind saw nothing of this MicroPython; it needs one with its symbols")
    return counts
