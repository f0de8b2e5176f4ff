"""Proves that the firmware's type check bites: mypy must refuse each of the planted mistakes.

Run after the stubs are in build/stubs: `python typing/prove.py`. Exit code 1 names what mypy
let pass.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PORTS = ("esp32", "rp2")

# the mistake, and mypy's code for it
MISTAKES = {
    "import dataclasses": "import-not-found",
    "import hmac": "import-not-found",
    "import logging": "import-not-found",
    "import subprocess": "import-not-found",
    "import hashlib\nhashlib.sha512(b'')": "attr-defined",
    "import machine\nmachine.Pin(2).togggle()": "attr-defined",
    "import machine\nmachine.WDT(timeout='long')": "arg-type",
    "import network\nnetwork.WLAN(network.STA_IF).isconected()": "attr-defined",
    "import time\ntime.ticks_diff('now', 0)": "call-overload",
    "import time\ntime.monotonic()": "attr-defined",
    "from umqtt.simple import MQTTClient\nMQTTClient(b'c', 'h').subscrib(b't')": "attr-defined",
    "from devcred import signing\nsigning.pasword('c', 's')": "attr-defined",
    "from devcred.records import pack\npack(1, 'one', b'')": "arg-type",
}


def said(port: str, folder: Path) -> str:
    """What mypy says of the planted modules under the port's settings."""
    command = [sys.executable, "-m", "mypy", "--config-file", str(HERE / f"firmware-{port}.ini")]
    planted = sorted(map(str, folder.glob("*.py")))
    run = subprocess.run([*command, *planted], cwd=HERE.parent, capture_output=True, check=False, text=True)
    return run.stdout


def main() -> int:
    """Checks every mistake on every port."""
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(MISTAKES):
            Path(folder, f"planted_{number}.py").write_text(source + "\n")
        for port in PORTS:
            lines = said(port, Path(folder)).splitlines()
            for number, (source, code) in enumerate(MISTAKES.items()):
                if not any(f"planted_{number}.py:" in line and f"[{code}]" in line for line in lines):
                    missed.append(f"{port}: mypy does not answer [{code}] to {source!r}\n")
    sys.stderr.writelines(missed)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
