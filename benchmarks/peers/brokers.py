"""How each broker is started: a command, its configuration, and why it may be absent."""

import http.client
import json
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.peers import dynsec
from benchmarks.peers.accounts import Account, write_private

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / "build" / "bench-venv"


class Broker(Protocol):
    """`folder` holds the twin's state and is the run's own, 0700; `command` may put files there.

    `visit` uses what a running broker has beside MQTT; False if that is nothing.
    """

    name: str

    def absent(self) -> str | None: ...
    def visit(self) -> bool: ...
    def command(self, folder: Path, port: int, accounts: Sequence[Account]) -> list[str]: ...


class Twin:
    """Ours, as its users start it; without the trace on the console, as the others have none either."""

    name = "twin"

    def __init__(self) -> None:
        self._api_port = 0

    def absent(self) -> str | None:
        return None

    def command(self, folder: Path, port: int, accounts: Sequence[Account]) -> list[str]:
        self._api_port = free_port()
        ports = [f"--port={port}", f"--api-port={self._api_port}"]
        ports += [f"--{name}-port=0" for name in ("tls", "ws", "wss")]
        start = [sys.executable, "-m", "host_tools", "twin", "--quiet", "--json"]
        return [*start, "--state", str(folder / "twin"), *ports]

    def visit(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._api_port, timeout=30)
        connection.request("GET", "/")  # unsigned: refused, by all of the control plane
        connection.getresponse().read()
        connection.close()
        return True


class Mosquitto:
    """mosquitto with its dynamic security plugin: its nearest thing to a credential for each device."""

    name = "mosquitto"

    def absent(self) -> str | None:
        if self._program() is None:
            return "mosquitto is not installed (Debian: apt-get install mosquitto)"
        return None if dynsec.plugin() else "mosquitto is there without its dynamic security plugin"

    def command(self, folder: Path, port: int, accounts: Sequence[Account]) -> list[str]:
        plugin, program = dynsec.plugin(), self._program()
        assert plugin and program
        rules = folder / "dynsec.json"
        if not rules.exists():
            write_private(rules, dynsec.configuration(accounts))
        configuration = folder / f"mosquitto-{port}.conf"
        configuration.write_text(dynsec.server(port, plugin, rules))
        return [program, "-c", str(configuration)]

    def visit(self) -> bool:
        return False

    def _program(self) -> str | None:
        return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Amqtt:
    """amqtt with a plugin that checks the same signatures, in its own environment."""

    name = "amqtt"

    def absent(self) -> str | None:
        return None if self._python().exists() else "amqtt is not installed (make bench does it)"

    def command(self, folder: Path, port: int, accounts: Sequence[Account]) -> list[str]:
        secrets = folder / "amqtt.json"
        if not secrets.exists():
            known = {each.client_id: [each.username, each.secret] for each in accounts}
            write_private(secrets, json.dumps(known))
        server = Path(__file__).with_name("amqtt_server.py")
        return [str(self._python()), str(server), str(port), str(secrets)]

    def visit(self) -> bool:
        return False

    def _python(self) -> Path:
        return VENV / "bin" / "python"


def free_port() -> int:
    """A TCP port that nobody has on loopback now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


BROKERS: tuple[Broker, ...] = (Twin(), Mosquitto(), Amqtt())
