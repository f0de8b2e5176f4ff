"""A broker as a process on a core of its own, ended by its handle."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers.accounts import Account
from benchmarks.peers.brokers import ROOT, Broker, free_port
from benchmarks.plan import Lot
from host_tools.errors import MachineError
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Connect

BROKER_CORE, LOAD_CORE = 0, 1
_START_S = 30.0
_END_S = 10.0
_CONNACK = b"\x20\x02\x00\x00"


class Running:
    """One broker that answers on `port`."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int) -> None:
        self.name = name
        self.pid = process.pid
        self.port = port
        self.process = process

    def rss_mb(self) -> float:
        """Resident memory of the process and its children, MiB."""
        return rss_mb(self.pid)


@contextmanager
def run(broker: Broker, lot: Lot) -> Iterator[Running]:
    """The broker, once it has let the first account in."""
    with started(broker, lot) as running:
        wait_for_login(running, lot.accounts[0])
        yield running


@contextmanager
def started(broker: Broker, lot: Lot) -> Iterator[Running]:
    """The broker's process, just begun."""
    port = free_port()
    command = ["taskset", "-c", str(BROKER_CORE), *broker.command(lot.folder, port, lot.accounts)]
    path = os.pathsep.join((str(ROOT), str(ROOT / "firmware")))
    with open(lot.folder / f"{broker.name}.log", "wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env={**os.environ, "PYTHONPATH": path},
        )
    try:
        yield Running(broker.name, process, port)
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    """Ask it to stop; kill it if it does not."""
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for_login(running: Running, account: Account) -> float:
    """Seconds from now until the broker accepts `account`. Raises MachineError if it never does."""
    connect = encode(Connect(account.client_id, True, 60, account.username, account.password.encode()))
    began_s = time.perf_counter()
    while (took_s := time.perf_counter() - began_s) < _START_S and running.process.poll() is None:
        if _is_let_in(running.port, connect):
            return took_s
        time.sleep(0.001)
    raise MachineError(f"{running.name} did not start", where="bench", do="start it by hand and read its log")


def _is_let_in(port: int, connect: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), _START_S) as sock:
            sock.sendall(connect)
            return sock.recv(4) == _CONNACK
    except OSError:
        return False


def require_two_cores() -> None:
    """Raises MachineError where the two sides cannot be kept apart."""
    if sys.platform != "linux" or not {BROKER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        raise MachineError("cores 0 and 1 are not both ours", where="bench", do="use Linux with two cores")


def rss_mb(pid: int) -> float:
    """Resident memory of a process and its children, MiB."""
    return _rss_kb(pid) / 1024


def _rss_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    own = int(status.split("VmRSS:")[1].split()[0])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(_rss_kb(int(child)) for child in children)
