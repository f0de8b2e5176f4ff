"""The load generator counts what a broker really did, and says in one line what went wrong."""

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import loading
from benchmarks.peers.accounts import Account, write
from devcred import signing
from host_tools.errors import MachineError
from host_tools.twin import Settings, TwinThread
from host_tools.twin.trace import Info

CLIENTS = 12
DEADLINE_S = 30


@pytest.fixture(scope="module")
def program() -> Path:
    try:
        return loading.compiled()
    except MachineError as error:
        if "no C compiler" in str(error):
            pytest.skip(str(error))
        raise


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinThread]:
    with TwinThread(groups=["GID_bench"], settings=Settings(message_trace_entries=10_000_000)) as running:
        yield running


@pytest.fixture(scope="module")
def accounts(twin: TwinThread) -> list[Account]:
    made = []
    for number in range(CLIENTS):
        held = twin.call(twin.twin.state.new_credential, f"GID_bench@@@{number}")
        made.append(
            Account(held.client_id, signing.device_username(held.key_id, twin.instance_id), held.secret)
        )
    return made


@pytest.fixture(scope="module")
def file(accounts: list[Account], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("load") / "accounts"
    write(path, accounts)
    return path


def load(
    program: Path, mode: str, port: int, file: Path, *numbers: str
) -> "subprocess.CompletedProcess[str]":
    command = [str(program), mode, str(port), str(file), "warm-up=0", "seconds=0.2", *numbers]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


@pytest.mark.parametrize(
    ("mode", "clients", "window", "steps"),
    [("publish", CLIENTS, 1, 1), ("publish", 2, 20, 1), ("deliver", 3, 1, 2), ("deliver", 2, 20, 2)],
)
def test_messages_are_counted_as_the_twin_traced_them(
    program: Path, twin: TwinThread, file: Path, mode: str, clients: int, window: int, steps: int
) -> None:
    before = len(twin.message_trace)
    seen = counted(load(program, mode, twin.mqtt_port, file, f"clients={clients}", f"window={window}"))
    traced = (len(twin.message_trace) - before) / steps
    # Some were under way when it began to count, and when it ended.
    assert seen <= traced <= seen + 3 * clients * window


def test_logins_are_counted_as_the_twin_traced_them(program: Path, twin: TwinThread, file: Path) -> None:
    before = len(twin.trace)
    seen = counted(load(program, "login", twin.mqtt_port, file, "clients=5", "seconds=0.1"))
    accepted = [entry for entry in twin.trace[before:] if entry.info is Info.ACCEPTED]
    assert seen <= len(accepted) <= seen + 15


def counted(told: "subprocess.CompletedProcess[str]") -> int:
    """How many it counted, the rest of what it says being consistent."""
    assert told.returncode == 0, told.stderr
    seen = json.loads(told.stdout)
    assert 0 < seen["p50_ms"] <= seen["p99_ms"] < 1000
    assert seen["per_s"] == pytest.approx(seen["count"] / seen["seconds"], rel=0.02)
    return int(seen["count"])


def test_idle_clients_are_proved_alive(program: Path, twin: TwinThread, file: Path) -> None:
    command = [str(program), "idle", str(twin.mqtt_port), str(file), f"clients={CLIENTS}", "keepalive=60"]
    told = subprocess.run(
        command, input="ping\n", capture_output=True, text=True, timeout=DEADLINE_S, check=True
    )
    held, alive = map(json.loads, told.stdout.splitlines())
    assert held["clients"] == alive["alive"] == CLIENTS


def test_a_refused_login_ends_it(
    program: Path, twin: TwinThread, accounts: list[Account], tmp_path: Path
) -> None:
    write(tmp_path / "accounts", [Account(accounts[0].client_id, accounts[0].username, "another secret")])
    told = load(program, "login", twin.mqtt_port, tmp_path / "accounts")
    assert (told.returncode, told.stderr) == (1, "load: the broker refused a login\n")


def test_without_a_broker(program: Path, file: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        told = load(program, "login", sock.getsockname()[1], file)
    assert (told.returncode, told.stderr) == (1, "load: no broker on that port\n")


@pytest.mark.parametrize(
    "arguments",
    [(), ("login", "1"), ("dance", "1", "x"), ("login", "1", "/nowhere"), ("idle", "1", "x", "y=1")],
)
def test_wrong_arguments_are_one_line(program: Path, arguments: tuple[str, ...]) -> None:
    told = subprocess.run([str(program), *arguments], capture_output=True, text=True, timeout=5, check=False)
    assert told.returncode == 1
    assert told.stderr.startswith("load: ") and told.stderr.count("\n") == 1
