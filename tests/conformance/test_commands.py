"""mosquitto's command-line clients on the twin with the service's rules, plain and over TLS."""

import os
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from host_tools.twin import TwinThread
from host_tools.twin.trace import Action, Info, TraceEntry
from tests.conformance.brokers import program
from tests.conformance.libraries import Login, login_for
from tests.twin.conftest import GROUP, new_client_id

DEADLINE_S = 10
REFUSED = 5


class Commands:
    """Runs them as one client. User name and password are in files, as other users can read command lines."""

    def __init__(self, folder: Path, login: Login, ca_der: bytes | None) -> None:
        self._folder = folder
        common = ["-V 311", f"-i {login.client_id}", f"-u {login.username}", f"-P {login.password}"]
        common += ["-h localhost", f"-p {login.port}"]
        if ca_der:
            (folder / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(ca_der))
            common.append(f"--cafile {folder / 'ca.pem'}")
        for name in ("mosquitto_pub", "mosquitto_sub", "mosquitto_rr"):
            (folder / name).write_text("\n".join(common) + "\n")
            (folder / name).chmod(0o600)

    def start(self, name: str, *arguments: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "XDG_CONFIG_HOME": str(self._folder), "HOME": str(self._folder)}
        return subprocess.Popen(
            [program(name), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, name: str, *arguments: str) -> tuple[int, str]:
        """Its exit code, and all that it printed."""
        with self.start(name, *arguments) as process:
            try:
                told = process.communicate(timeout=DEADLINE_S)
            finally:
                process.kill()
        return process.returncode, "".join(told)


@pytest.fixture
def device(service: TwinThread, tmp_path: Path) -> Commands:
    return Commands(tmp_path, login_for(service, new_client_id()), None)


@pytest.mark.parametrize("qos", ["0", "1", "2"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_request_and_its_response(service: TwinThread, tmp_path: Path, tls: bool, qos: str) -> None:
    login = login_for(service, new_client_id(), tls=tls)
    device = Commands(tmp_path, login, service.ca_der if tls else None)
    topic = f"devcred/rr/{qos}"
    arguments = ("-q", qos, "-t", topic, "-e", topic, "-m", "there and back", "-F", "%t %q %p")
    assert device.run("mosquitto_rr", *arguments) == (0, f"{topic} {qos} there and back\n")


def test_a_kept_session_between_two_programs(device: Commands, service: TwinThread, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Commands(tmp_path / "other", login_for(service, new_client_id()), None)
    assert device.run("mosquitto_sub", "-c", "-q", "1", "-t", "devcred/kept/#", "-E") == (0, "")
    for n in "123":
        assert other.run("mosquitto_pub", "-q", "1", "-t", f"devcred/kept/{n}", "-m", n) == (0, "")
    told = device.run("mosquitto_sub", "-c", "-q", "1", "-t", "devcred/kept/#", "-C", "3", "-F", "%t %q %p")
    assert told == (0, "".join(f"devcred/kept/{n} 1 {n}\n" for n in "123"))


def test_p2p_reaches_a_subscriber_of_something_else(service: TwinThread, tmp_path: Path) -> None:
    login = login_for(service, new_client_id())
    device = Commands(tmp_path, login, None)
    assert device.run("mosquitto_sub", "-c", "-t", "devcred/else", "-E") == (0, "")
    (tmp_path / "other").mkdir()
    other = Commands(tmp_path / "other", login_for(service, new_client_id()), None)
    topic = f"devcred/p2p/{login.client_id}"
    assert other.run("mosquitto_pub", "-c", "-q", "1", "-t", topic, "-m", "ping") == (0, "")
    told = device.run("mosquitto_sub", "-c", "-t", "devcred/else", "-C", "1", "-F", "%t %p")
    assert told == (0, f"{topic} ping\n")


def test_a_replaced_credential_is_refused_with_its_code(service: TwinThread, tmp_path: Path) -> None:
    login = login_for(service, new_client_id())
    login_for(service, login.client_id)
    code, told = Commands(tmp_path, login, None).run("mosquitto_pub", "-t", "devcred/a", "-m", "x")
    assert code == REFUSED
    assert "not authorised" in told


def test_a_topic_against_the_rules_ends_the_connection(device: Commands) -> None:
    code, told = device.run("mosquitto_pub", "-q", "1", "-t", "nowhere/a", "-m", "x")
    assert code != 0
    assert "lost" in told


@pytest.fixture
def traced() -> Iterator[tuple[TwinThread, "Queue[TraceEntry]"]]:
    """A twin, and a queue of its trace."""
    entries = Queue[TraceEntry]()
    with TwinThread(groups=[GROUP], on_trace=entries.put) as running:
        yield running, entries


def test_who_is_kicked_comes_back(traced: tuple[TwinThread, "Queue[TraceEntry]"], tmp_path: Path) -> None:
    twin, entries = traced
    login = login_for(twin, new_client_id())
    with Commands(tmp_path, login, None).start("mosquitto_sub", "-t", "devcred/a") as process:
        try:
            accepted = (Action.CONNECT, Info.ACCEPTED)
            seen = [next_of(entries)]
            assert twin.call(twin.twin.broker.disconnect, login.client_id)
            seen += [next_of(entries), next_of(entries)]
            assert seen == [accepted, (Action.CLOSE, Info.BY_SERVER), accepted]
        finally:
            process.kill()


def next_of(entries: "Queue[TraceEntry]") -> tuple[Action, Info]:
    """The next entry about a connection."""
    entry = entries.get(timeout=DEADLINE_S)
    return entry.action, entry.info
