"""The MicroPython VM as a process, with the agent's modules and umqtt.simple in its path."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.brokers import ROOT
from host_tools.errors import MachineError
from host_tools.sources import umqtt_path
from host_tools.vboard.process import find_micropython

DEVICE = Path(__file__).with_name("device")
_DEADLINE_S = 300.0


def run(
    script: str,
    arguments: Sequence[str] = (),
    *,
    under: Sequence[str] = (),
    stdin: str = "",
    heap_wk: int = 96,
) -> str:
    """What `script` prints. `under` is a command to run it in. Raises MachineError if it fails."""
    path = ":".join(map(str, (ROOT / "firmware", umqtt_path(), DEVICE, ".frozen")))
    command = [*under, find_micropython(), "-X", f"heapsize={heap_wk}wk", str(DEVICE / script), *arguments]
    told = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=_DEADLINE_S,
        check=False,
        cwd=DEVICE,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "MICROPYPATH": path},
    )
    if told.returncode:
        last = (told.stderr or told.stdout).strip().splitlines()[-1:]
        raise MachineError(f"{script} failed: {' '.join(last)}", where="bench", do="run it by hand")
    return told.stdout
