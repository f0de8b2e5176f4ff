"""What one signature costs the virtual machine, in instructions: ours beside an hmac object."""

import re
import shutil
from pathlib import Path

from benchmarks import micropython
from benchmarks.figures import Figure
from benchmarks.plan import Plan
from benchmarks.skipping import SkippedError

HOLD = 0.6
_FEW, _MANY = 20, 120
_TOTAL = re.compile(r"^(?:totals|summary): (\d+)", re.M)


def measure(plan: Plan) -> list[Figure]:
    """Callgrind counts what the VM executes; two counts, so that start-up and imports cancel out."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise SkippedError("valgrind is not installed (Debian: apt-get install valgrind)")
    figure = Figure("signature", "one signature", "instructions", less=True, hold=HOLD)
    for way, party in (("ours", "agent"), ("object", "hmac object")):
        plan.say(f"signature: {party}")
        few, many = (_instructions(valgrind, plan.folder, way, count) for count in (_FEW, _MANY))
        figure.add(party, (many - few) / (_MANY - _FEW))
    return [figure]


def _instructions(valgrind: str, folder: Path, way: str, count: int) -> int:
    out = folder / "callgrind.out"
    under = [valgrind, "--quiet", "--tool=callgrind", "--toggle-collect=pyexec_file"]
    micropython.run("sign.py", [way, str(count)], under=[*under, f"--callgrind-out-file={out}"])
    found = _TOTAL.search(out.read_text())
    if found is None or found[1] == "0":
        raise SkippedError("callgrind saw nothing of this MicroPython; it needs one with its symbols")
    return int(found[1])
