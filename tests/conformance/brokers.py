"""The brokers that MQTT's rules are tried on: the twin, and mosquitto, which checks the tests themselves."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from host_tools.twin import Settings, TwinThread

NO_MOSQUITTO = "no mosquitto on this computer: apt-get install mosquitto mosquitto-clients"
PLAIN: dict[str, Any] = {
    "login": False,
    "topic_rules": False,
    "qos2_persistent": "keep",
    "will": "publish",
    "retain": "keep",
    "offline_batch": 1000,
    "offline_batch_s": 0.1,
}
"""The twin's settings for MQTT alone: no login, no rules for topics, no batches; QoS 2, wills, RETAIN."""

_START_S = 10.0
_CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
sys_interval 0
allow_duplicate_messages true
log_type error
"""


@dataclass(frozen=True)
class Broker:
    """A broker that runs: its name in the tables of this suite, its port on loopback."""

    name: str
    port: int
    tls_port: int = 0
    process: "subprocess.Popen[bytes] | None" = None


def found(name: str) -> str | None:
    """The path of one of mosquitto's programs, or None where it is not installed."""
    # Debian puts the broker where only root looks.
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin")


def program(name: str) -> str:
    """The same; the test is skipped where it is not installed."""
    path = found(name)
    if path is None:
        pytest.skip(NO_MOSQUITTO)
    return path


@contextmanager
def twin() -> Iterator[Broker]:
    """The twin as a plain MQTT broker."""
    with TwinThread(settings=Settings(**PLAIN)) as running:
        yield Broker("twin", running.mqtt_port)


@contextmanager
def mosquitto(folder: Path, config: str = _CONFIG) -> Iterator[Broker]:
    """A mosquitto of our own; no other one is touched.

    `config`: with `{port}` in it and, if it is to listen there as well, before that `{tls_port}`.
    """
    command = program("mosquitto")
    with ExitStack() as stack:
        for _ in range(3):  # somebody else may take the free port first
            port, tls_port = _free_port(), _free_port()
            path = folder / "mosquitto.conf"
            path.write_text(config.format(port=port, tls_port=tls_port))
            process = subprocess.Popen([command, "-c", str(path)], stderr=subprocess.DEVNULL)
            stack.callback(end, process)
            if _answers(process, port):
                yield Broker("mosquitto", port, tls_port, process)
                return
    raise AssertionError("mosquitto did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Whether it came to listen; nothing but a try to connect tells."""
    end_s = time.monotonic() + _START_S
    while time.monotonic() < end_s and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process.poll() is None
        time.sleep(0.01)
    return False


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process of our own, stopped or not."""
    process.kill()
    process.wait()
