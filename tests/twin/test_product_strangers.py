"""What strangers send to a twin's ports: it goes on, and its talk stays the trace and nothing else."""

import random
import secrets
import signal
import socket
import sys
from pathlib import Path

from tests.twin.process import TwinProcess

PORTS = ("mqtt_port", "tls_port", "ws_port", "wss_port", "api_port")
GREETINGS = [
    b"",
    b"\x00",
    b"hello\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nshort",
    b"GET /" + b"a" * 300_000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a",
    b"\x10\xff\xff\xff\xff",
    b"\xff" * 100,
]


def meet(port: int, greeting: bytes) -> None:
    """Say it, say no more, and hear what comes until the other side has had enough or is silent."""
    with socket.create_connection(("127.0.0.1", port), 10) as stranger:
        try:
            stranger.sendall(greeting)
            stranger.shutdown(socket.SHUT_WR)
            stranger.settimeout(0.05)
            while stranger.recv(65536):
                pass
        except OSError:
            pass  # closed or reset, as it should be, or silent


def test_garbage_on_every_port(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    sys.stderr.write(f"seed {seed}\n")
    rng = random.Random(seed)
    with TwinProcess(tmp_path) as twin:
        for name in PORTS:
            for greeting in [*GREETINGS, *(rng.randbytes(rng.randint(1, 200)) for _ in range(10))]:
                meet(twin.facts[name], greeting)
        for name in PORTS:
            socket.create_connection(("127.0.0.1", twin.facts[name]), 3).close()
        assert twin.end(signal.SIGTERM) == 0
        assert [line for line in twin.said().splitlines() if not line.startswith("twin close ")] == []
