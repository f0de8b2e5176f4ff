"""A twin's life: start, stop, start again, be killed, stand beside another."""

import asyncio
import datetime as dt
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from cryptography import x509

from host_tools.errors import MachineError, UsageError
from host_tools.twin import Settings, Twin, TwinThread
from host_tools.twin.behaviours import FIXED, of_settings
from host_tools.twin.broker.connection import Connection
from host_tools.twin.broker.hooks import Moment, Verdict
from host_tools.twin.broker.packets import Connack, Packet, Pingreq, Pingresp, Puback, Publish
from host_tools.twin.store import FILE_NAME
from tests.twin.conftest import GROUP, credentials_for, new_client_id
from tests.twin.wire import Wire


def can_connect(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def test_stopping_leaves_no_port_no_thread_and_no_connection() -> None:
    threads = threading.active_count()
    with ExitStack() as clients:
        with TwinThread(groups=[GROUP]) as twin:
            ports = (twin.mqtt_port, twin.tls_port, twin.api_port)
            assert len(set(ports)) == 3
            assert all(map(can_connect, ports))
            wire = clients.enter_context(Wire(twin.mqtt_port))
            assert wire.login(credentials_for(twin, new_client_id())).code == 0
            idle = clients.enter_context(closing(HTTPConnection("127.0.0.1", twin.api_port, timeout=3)))
            idle.request("GET", "/")
            assert idle.getresponse().read()
        assert wire.is_closed()
        assert idle.sock.recv(1) == b""
    assert not any(map(can_connect, ports))
    assert threading.active_count() == threads


def test_signals_stay_with_whoever_runs_the_loop() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    async def run() -> None:
        inside = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        async with Twin():
            assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == inside

    asyncio.run(run())
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_one_twin_starts_again_and_stops_twice() -> None:
    async def run() -> None:
        twin = Twin()
        for _ in range(2):
            await twin.start()
            assert can_connect(twin.mqtt_port)
            await twin.stop()
            await twin.stop()
            assert not can_connect(twin.mqtt_port)

    asyncio.run(run())


@pytest.mark.parametrize("which", ["port", "tls_port", "api_port"])
def test_a_port_in_use_is_one_clear_line_and_leaves_nothing_open(which: str) -> None:
    threads = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(MachineError, match=f"twin: port {number} is in use; name another") as caught:
            TwinThread(**{which: number}).__enter__()
    assert caught.value.exit_code == 1
    assert threading.active_count() == threads


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(MachineError, match="cannot listen on 192.0.2.1"):
        TwinThread(host="192.0.2.1").__enter__()


@pytest.mark.parametrize("options", [{"groups": ["nope"]}, {"topics": ["a/b"]}, {"topics": ["devcred", "x"]}])
def test_groups_and_topics_must_keep_the_rules(options: dict[str, list[str]]) -> None:
    with pytest.raises(UsageError):
        Twin(**options)  # type: ignore[arg-type]


def test_two_twins_side_by_side(twin: TwinThread, start_twin: Callable[..., TwinThread]) -> None:
    other = start_twin(groups=[GROUP])
    assert other.instance_id != twin.instance_id
    assert other.ca_der != twin.ca_der
    connect = credentials_for(twin, new_client_id())
    with Wire(other.mqtt_port) as wire:
        assert wire.login(connect).code == 5
    with Wire(twin.mqtt_port) as wire:
        assert wire.login(connect).code == 0


def test_the_state_survives_a_restart_and_lies_where_only_its_owner_reads(tmp_path: Path) -> None:
    folder, client_id = tmp_path / "state", new_client_id()
    with TwinThread(state_dir=folder, groups=[GROUP], topics=["devcred", "Other"]) as twin:
        connect = credentials_for(twin, client_id)
        kept = (
            twin.instance_id,
            twin.access_key_id,
            twin.access_key_secret,
            twin.ca_der,
            twin.groups,
            twin.topics,
        )
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    with TwinThread(state_dir=folder) as twin:
        assert kept == (
            *(twin.instance_id, twin.access_key_id, twin.access_key_secret, twin.ca_der),
            *(twin.groups, twin.topics),
        )
        with Wire(twin.mqtt_port) as wire:
            assert wire.login(connect).code == 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=kept[3])
        with socket.create_connection(("127.0.0.1", twin.tls_port), 3) as plain:
            context.wrap_socket(plain, server_hostname=twin.host_name).close()


def test_a_state_folder_belongs_to_one_twin_at_a_time(tmp_path: Path) -> None:
    with (
        TwinThread(state_dir=tmp_path),
        pytest.raises(MachineError, match="is in use; stop the other twin"),
        TwinThread(state_dir=tmp_path),
    ):
        pass


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="cannot use the state folder"):
        TwinThread(state_dir=tmp_path / "file").__enter__()
    (tmp_path / FILE_NAME).write_bytes(b"no database at all, but some text" * 99)
    with pytest.raises(MachineError, match="is not a twin's state"):
        TwinThread(state_dir=tmp_path).__enter__()


KILLED = """
import os, signal, sys
from pathlib import Path
from host_tools.twin import TwinThread
with TwinThread(state_dir=Path(sys.argv[1]), groups=["GID_test"]) as twin:
    for number in range(50):
        credential = twin.call(twin.twin.state.new_credential, f"GID_test@@@{number}")
        print(credential.key_id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with TwinThread(state_dir=tmp_path) as twin:
        found = [credential.key_id for credential in twin.twin.state.credentials.values()]
        assert sorted(found) == sorted(done.stdout.split())
        assert len(found) == 50


def test_the_certificate_is_backdated_and_names_the_instance(twin: TwinThread) -> None:
    pem = ssl.get_server_certificate(("127.0.0.1", twin.tls_port))
    certificate, authority = (
        x509.load_pem_x509_certificate(pem.encode()),
        x509.load_der_x509_certificate(twin.ca_der),
    )
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [twin.host_name, "localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    now = dt.datetime.now(dt.UTC)
    for each in (certificate, authority):
        assert each.not_valid_before_utc < now - dt.timedelta(days=7)
        assert each.not_valid_after_utc > now + dt.timedelta(days=300)
    certificate.verify_directly_issued_by(authority)


def test_no_private_key_is_left_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with TwinThread():
        assert os.listdir(tmp_path) == []


# The place for faults.


def with_hook(twin: TwinThread, moment: Moment, kind: type | None, verdict: Verdict | bytes) -> None:
    def hook(when: Moment, connection: Connection, packet: Packet | None) -> Verdict | bytes:
        return verdict if when is moment and (kind is None or isinstance(packet, kind)) else Verdict.PASS

    twin.twin.broker.hook = hook


@pytest.mark.parametrize(("verdict", "is_reset"), [(Verdict.CLOSE, False), (Verdict.RESET, True)])
def test_a_hook_turns_connections_away(
    start_twin: Callable[..., TwinThread], verdict: Verdict, is_reset: bool
) -> None:
    twin = start_twin()
    with_hook(twin, Moment.ACCEPT, None, verdict)
    try:
        with Wire(twin.mqtt_port) as wire:
            assert wire.socket.recv(1) == b""
            assert not is_reset
    except ConnectionResetError:
        assert is_reset
    twin.twin.broker.hook = None
    with Wire(twin.mqtt_port) as wire:
        assert wire.login(credentials_for(twin, new_client_id())).code == 0


def test_a_hook_changes_the_connack(start_twin: Callable[..., TwinThread]) -> None:
    twin = start_twin()
    with_hook(twin, Moment.CONNACK, Connack, b"\x20\x02\x00\x03")
    with Wire(twin.mqtt_port) as wire:
        assert wire.login(credentials_for(twin, new_client_id())).code == 3


def test_a_hook_loses_an_acknowledgement_and_a_packet_that_came(
    start_twin: Callable[..., TwinThread], connect_as: Callable[..., Wire]
) -> None:
    twin = start_twin()
    wire = connect_as(twin)
    for moment, kind in ((Moment.OUT, Puback), (Moment.IN, Publish)):
        with_hook(twin, moment, kind, Verdict.DROP)
        wire.send(Publish("devcred/a", b"", 1, packet_id=1), Pingreq())
        assert wire.receive() == Pingresp()


# The behaviours as data.


def test_every_setting_says_what_it_is_and_refuses_what_is_no_reading() -> None:
    behaviours = [*of_settings(Settings), *FIXED]
    assert len({behaviour.text for behaviour in behaviours}) == len(behaviours) > 50
    for behaviour in behaviours:
        assert behaviour.source
        assert behaviour.tag in ("documented", "observed", "assumed")
        for reading in behaviour.others:
            Settings(**{behaviour.setting: reading})
    with pytest.raises(UsageError, match="refresh cannot be 'both'; use one of 'new-pair', 'secret-only'"):
        Settings(refresh="both")
