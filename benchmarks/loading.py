"""The load generator: compiled from `load/` when it is first needed, then run on its own core."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.peers.brokers import ROOT
from benchmarks.running import LOAD_CORE, Running
from host_tools.errors import MachineError

_SOURCES = Path(__file__).with_name("load")
_PROGRAM = ROOT / "build" / "bench" / "load"
_FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror")
_SPARE_S = 180.0


def compiled() -> Path:
    """The program. Raises MachineError if it has to be built and there is no compiler."""
    sources = sorted(_SOURCES.glob("*.[ch]"))
    if _PROGRAM.exists() and _PROGRAM.stat().st_mtime > max(path.stat().st_mtime for path in sources):
        return _PROGRAM
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise MachineError(
            "no C compiler for the load generator",
            where="bench",
            do="install one (Debian: apt-get install gcc)",
        )
    _PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    files = [str(path) for path in sources if path.suffix == ".c"]
    built = subprocess.run([compiler, *_FLAGS, "-o", str(_PROGRAM), *files, "-lm"], check=False)
    if built.returncode:
        raise MachineError(
            "the load generator does not compile", where="bench", do="see the compiler's words"
        )
    return _PROGRAM


def command(running: Running, accounts: Path, mode: str, **numbers: float) -> list[str]:
    """The command line; `numbers` are the program's options, `_` for `-`."""
    chosen = [f"{name.replace('_', '-')}={value}" for name, value in numbers.items()]
    where = [str(running.port), str(accounts)]
    return ["taskset", "-c", str(LOAD_CORE), str(compiled()), mode, *where, f"pid={running.pid}", *chosen]


def measure(running: Running, accounts: Path, mode: str, **numbers: float) -> dict[str, Any]:
    """What one run of the load saw. Raises MachineError if the broker did not keep up its side."""
    try:
        told = subprocess.run(
            command(running, accounts, mode, **numbers),
            capture_output=True,
            text=True,
            timeout=_SPARE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise failed(running, "it did not end in time") from None
    if told.returncode:
        raise failed(running, told.stderr.strip())
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


def failed(running: Running, why: str) -> MachineError:
    """A load that could not be carried through."""
    return MachineError(f"{running.name}: {why}", where="bench", do="run that broker alone and watch its log")
