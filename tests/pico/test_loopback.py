"""A process that was locked in reaches this computer alone, whatever library asks for more."""

import subprocess
import sys

import pytest

from host_tools import paths

ROOT = paths.FIRMWARE.parent


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.7', 443))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.7', 53))",
        "asyncio.run(asyncio.open_connection('192.0.2.7', 443))",
        "socket.getaddrinfo('elsewhere.example', 80)",
    ],
)
def test_nothing_beyond_loopback(attempt: str) -> None:
    script = f"import asyncio, socket\nfrom tests.pico.loopback import lock_in\nlock_in(print)\n{attempt}"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.strip().endswith("is not this computer")
