"""Every fault there is, one after the other, over and over: the twin and the proxy stay in service."""

import logging
import socket
from contextlib import suppress
from dataclasses import replace

import pytest

from host_tools.twin import TwinThread
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Connack, Disconnect, Pingreq, Publish, Subscribe
from host_tools.twin.faults import Fault
from host_tools.twin.faults.vocabulary import PLACES
from host_tools.twin.proxy import ProxyThread
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.ends import shake
from tests.twin.wire import Wire

_GIVEN: dict[str, object] = {
    "bytes_per_s": 5000.0,
    "delay_ms": 5.0,
    "at_bytes": 1,
    "data": "3000",
    "code": 5,
    "certificate": "expired",
}
_STEP_S = 0.01


def every_fault() -> list[Fault]:
    """One of each kind at each place."""
    return [
        Fault(where, what, **{name[:-1]: _GIVEN[name[:-1]] for name in how if name.endswith("!")})  # type: ignore[arg-type]
        for where, place in PLACES.items()
        for what, how in place.actions.items()
    ]


ALL = every_fault()
STEPS = [
    encode(packet)
    for packet in (
        Subscribe(1, [("devcred/#", 1)]),
        Publish("devcred/up", b"x" * 200, 1, packet_id=2),
        Publish("devcred/up", b"x", 2, packet_id=3),
        Pingreq(),
        Disconnect(),
    )
]


def talk(twin: TwinThread, sock: socket.socket) -> None:
    """A short life of a client that nothing disturbs: it goes on whatever it is answered."""
    with sock, suppress(OSError):
        sock.settimeout(_STEP_S)
        for step in (encode(credentials_for(twin, new_client_id())), *STEPS):
            sock.sendall(step)
            with suppress(TimeoutError):
                sock.recv(4096)


def is_in_service(twin: TwinThread, port: int) -> bool:
    with Wire(port) as wire:
        return wire.login(credentials_for(twin, new_client_id())) == Connack(False, 0) and wire.is_quiet()


def test_every_fault_goes_through_json_unchanged() -> None:
    for fault in ALL:
        assert Fault.from_json(fault.to_json()) == fault


@pytest.mark.parametrize("where", ["accept", "connack", "in", "out"])
def test_the_twin_stays_in_service(faulty: TwinThread, caplog: pytest.LogCaptureFixture, where: str) -> None:
    for fault in (each for each in ALL if each.where == where):
        number = faulty.faults.add(replace(fault, times=0))
        with suppress(ConnectionResetError):
            talk(faulty, socket.create_connection(("127.0.0.1", faulty.mqtt_port), 3))
        assert faulty.faults.list()[0].hits, fault
        faulty.faults.remove(number)
        assert is_in_service(faulty, faulty.mqtt_port), fault
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


def test_tls_stays_in_service(faulty: TwinThread, caplog: pytest.LogCaptureFixture) -> None:
    for fault in (each for each in ALL if each.where == "hello" and each.what not in ("mute", "hole")):
        number = faulty.faults.add(replace(fault, times=0))
        with suppress(OSError):
            talk(faulty, shake(faulty))
        assert faulty.faults.list()[0].hits, fault
        faulty.faults.remove(number)
        shake(faulty).close()
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("where", ["accept", "connack", "in", "out"])
def test_the_proxy_stays_in_service(twin: TwinThread, caplog: pytest.LogCaptureFixture, where: str) -> None:
    with ProxyThread(("127.0.0.1", twin.mqtt_port)) as proxy:
        for fault in (each for each in ALL if each.where == where):
            number = proxy.faults.add(replace(fault, times=0))
            with suppress(ConnectionResetError):
                talk(twin, socket.create_connection(("127.0.0.1", proxy.port), 3))
            assert proxy.faults.list()[0].hits, fault
            proxy.faults.remove(number)
            assert is_in_service(twin, proxy.port), fault
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []
