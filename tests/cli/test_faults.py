"""`devcred twin faults` on a running twin, and `devcred proxy` as a process."""

import json
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from host_tools.twin import TwinThread
from host_tools.twin.broker.encode import encode
from tests.cli.conftest import COMMAND, Run, clean_environment
from tests.twin.conftest import GROUP, credentials_for, new_client_id
from tests.twin.ends import secured


@pytest.fixture
def faulty() -> Iterator[TwinThread]:
    with TwinThread(groups=[GROUP]) as twin:
        yield twin


def test_faults_are_added_listed_and_cleared(run: Run, faulty: TwinThread) -> None:
    where = {"DEVCRED_ENDPOINT": f"http://{faulty.endpoint}"}
    fields = ("where=accept", "what=refuse", "listener=mqtt", "times=2")
    added = run("twin", "faults", "add", *fields, "--json", env=where)
    assert (added.returncode, added.stderr) == (0, "")
    assert json.loads(added.stdout)["number"] == 1
    assert faulty.faults.list()[0].fault.times == 2
    listed = run("twin", "faults", "list", env=where)
    assert listed.stdout.startswith("number=1 met=0 hits=0 over=False where=accept what=refuse")
    assert run("twin", "faults", "clear", "1", env=where).returncode == 0
    assert not faulty.faults.list()


def test_the_kinds_of_faults_are_listed(run: Run) -> None:
    lines = run("twin", "faults", "kinds").stdout.splitlines()
    assert "where=hello  listener server_name" in lines
    assert "  what=certificate  certificate!" in lines


@pytest.mark.parametrize(
    ("fields", "code", "line"),
    [
        (("where=out", "what=drop", "packets=PUBACK"), 2, "packets: is no field"),
        (("where=out", "what=drop", "nth=0"), 2, "nth: must be from 1"),
        (("where=out", "what=drop", "nth=x"), 2, "nth: must be a number"),
        (("drop",), 2, "faults: 'drop' does not read FIELD=VALUE"),
    ],
)
def test_a_bad_fault_is_one_line(
    run: Run, faulty: TwinThread, fields: tuple[str, ...], code: int, line: str
) -> None:
    done = run("twin", "faults", "add", *fields, "--endpoint", faulty.endpoint)
    assert done.returncode == code and done.stderr.startswith(f"devcred: {line}")
    assert done.stderr.count("\n") == 1


def test_no_twin_is_one_line(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = run("twin", "faults", "list", "--endpoint", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1 and "no twin answers" in done.stderr
    assert run("twin", "faults", "list", "--endpoint", "https://example.com").returncode == 2


def test_a_fault_that_is_not_there(run: Run, faulty: TwinThread) -> None:
    done = run("twin", "faults", "clear", "7", "--endpoint", faulty.endpoint)
    assert (done.returncode, done.stderr) == (1, "devcred: number: there is no fault 7\n")


@contextmanager
def proxy(home: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [COMMAND, "proxy", *arguments],
        env=clean_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_the_proxy_strikes_passes_on_and_ends_when_told(home: Path, faulty: TwinThread) -> None:
    fault = '{"where": "accept", "what": "refuse", "how": "fin"}'
    target = f"127.0.0.1:{faulty.mqtt_port}"
    with proxy(home, "--to", target, "--seed", "7", "--fault", fault, "--json") as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        assert facts == {"port": facts["port"], "to": target, "seed": 7, "faults": 1}
        with socket.create_connection(("127.0.0.1", facts["port"]), 5) as sock:
            assert sock.recv(1) == b""
        with socket.create_connection(("127.0.0.1", facts["port"]), 5) as sock:
            sock.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00")
            assert sock.recv(4)[:2] == b"\x20\x02"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_the_proxy_ends_tls(home: Path, faulty: TwinThread) -> None:
    ca_file, target = home / "ca.der", f"127.0.0.1:{faulty.mqtt_port}"
    fault = '{"where": "connack", "what": "code", "code": 3}'
    arguments = ("--tls-name", "broker.example", "--ca-out", str(ca_file), "--fault", fault, "--json")
    with proxy(home, "--to", target, *arguments) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        with secured(port, ca_file.read_bytes(), "broker.example") as sock:
            sock.sendall(encode(credentials_for(faulty, new_client_id())))
            assert sock.recv(4) == b"\x20\x02\x00\x03"
    with proxy(home, "--to", target, *arguments) as process:
        assert process.stderr is not None
        assert process.wait(10) == 2
        assert "File exists" in process.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--to", "a:1", "--tls-name", "x"), "--tls-name, --ca-out: must be given together"),
        (("--to", "a:1", "--tls-name", "ä", "--ca-out", "x"), "--tls-name: cannot stand in a certificate"),
        (("--to", "nowhere"), "--to: 'nowhere' does not read HOST:PORT"),
        (("--to", "a:1", "--fault", "{"), "--fault: is not JSON"),
        (("--to", "a:1", "--fault", '{"where": "out"}'), "what: must be given"),
    ],
)
def test_a_bad_call_of_the_proxy_is_one_line(
    run: Callable[..., "subprocess.CompletedProcess[str]"], arguments: tuple[str, ...], line: str
) -> None:
    done = run("proxy", *arguments)
    assert done.returncode == 2 and done.stderr.startswith(f"devcred: {line}")
