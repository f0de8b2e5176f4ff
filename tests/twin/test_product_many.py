"""Many clients on one twin: they are held, and SIGTERM lets them go."""

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from devcred import signing
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Connect, Pingreq
from host_tools.twin.state import State
from host_tools.twin.store import SqliteStore
from tests.twin.process import TwinProcess, allow_files

SOAK = bool(os.environ.get("DEVCRED_SOAK"))
IDLE = 10_000 if SOAK else 2_000
ACCEPTED, PONG = b"\x20\x02\x00\x00", b"\xd0\x00"
DEADLINE_S = 60.0
AT_ONCE = 500


def logins(folder: Path, count: int) -> list[bytes]:
    """The CONNECT packets of devices that a state in `folder` knows."""
    state = State(SqliteStore(folder), clock=time.time)
    state.add_group("GID_many")
    packets = []
    for number in range(count):
        made = state.new_credential(f"GID_many@@@{number}")
        name = signing.device_username(made.key_id, state.instance_id)
        password = signing.password(made.client_id, made.secret).encode()
        packets.append(encode(Connect(made.client_id, True, 600, name, password)))
    state.close()
    return packets


@contextmanager
def connected(port: int, packets: list[bytes]) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        clients: list[socket.socket] = []
        for start in range(0, len(packets), AT_ONCE):
            batch = packets[start : start + AT_ONCE]
            new = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in batch]
            for client, packet in zip(new, batch, strict=True):
                client.sendall(packet)
            collect(new, lambda got: got == ACCEPTED)
            clients += new
        yield clients


def collect(clients: list[socket.socket], is_done: Callable[[bytes], bool]) -> None:
    """Until each client has had what is waited for, or, for b"", its end."""
    got = dict.fromkeys(clients, b"")
    end_s = time.monotonic() + DEADLINE_S
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        while selector.get_map():
            assert time.monotonic() < end_s, f"{len(selector.get_map())} of {len(clients)} still wait"
            for key, _ in selector.select(1.0):
                assert isinstance(key.fileobj, socket.socket)
                client = key.fileobj
                data = client.recv(64)
                got[client] += data
                if is_done(got[client] if data else b""):
                    selector.unregister(client)
                else:
                    assert data, f"a client lost its connection after {got[client]!r}"


def test_idle_clients_are_held(tmp_path: Path) -> None:
    # As many files again are open in the twin, whose limit is its own.
    if allow_files(IDLE + 200) < IDLE + 200:
        pytest.skip(f"{IDLE} connections need a higher limit on open files")
    packets = logins(tmp_path / "state", IDLE)
    with TwinProcess(tmp_path, "--state", "state", "--quiet") as twin:
        with connected(twin.facts["mqtt_port"], packets) as clients:
            for client in clients:
                client.sendall(encode(Pingreq()))
            collect(clients, lambda got: got == PONG)
            assert twin.end(signal.SIGTERM) == 0
        assert twin.said() == ""


def test_sigterm_with_clients_online(tmp_path: Path) -> None:
    packets = logins(tmp_path / "state", AT_ONCE)
    with TwinProcess(tmp_path, "--state", "state") as twin:
        with connected(twin.facts["mqtt_port"], packets) as clients:
            asked_s = time.monotonic()
            assert twin.end(signal.SIGTERM) == 0
            assert time.monotonic() - asked_s < 10
            collect(clients, lambda got: got == b"")
        lines = twin.said().splitlines()
    accepted = [line for line in lines if line.endswith(": accepted")]
    closed = [line for line in lines if line.endswith(": closed by server")]
    assert (len(accepted), len(closed), len(lines)) == (AT_ONCE, AT_ONCE, 2 * AT_ONCE)


def test_two_twins_side_by_side(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with TwinProcess(tmp_path / "one") as one, TwinProcess(tmp_path / "other") as other:
        ports = [
            facts[name] for facts in (one.facts, other.facts) for name in facts if name.endswith("_port")
        ]
        assert len(set(ports)) == len(ports) == 10
        assert one.facts["instance_id"] != other.facts["instance_id"]
        assert one.end(signal.SIGTERM) == 0
        socket.create_connection(("127.0.0.1", other.facts["mqtt_port"]), 3).close()
        assert other.end(signal.SIGTERM) == 0


def test_too_few_files_are_told_of_and_no_end(tmp_path: Path) -> None:
    with TwinProcess(tmp_path, "--quiet", "--set", "login=false", limit="-n 128") as twin:
        assert twin.said().startswith("About 64 clients can be connected at once")
        port = twin.facts["mqtt_port"]
        with ExitStack() as stack:
            crowd = [
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(200)
            ]
            collect(crowd[-1:], lambda got: got == b"")
            twin.until_said("no more files can be opened; new connections are turned away")
        until_accepted(port)
        assert twin.end(signal.SIGTERM) == 0
        assert len(twin.said().splitlines()) == 2


def until_accepted(port: int) -> None:
    """Until a login gets its answer; a deadline of 10 s."""
    answer, end_s = b"", time.monotonic() + 10
    while answer != ACCEPTED:
        assert time.monotonic() < end_s
        with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(encode(Connect("anyone", True, 60, None, None)))
            answer = client.recv(4)
