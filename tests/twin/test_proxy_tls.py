"""The proxy where the device's TLS ends: faults at packets, faults at its bytes, wrong certificates."""

import gc
import socket
import ssl
from collections.abc import Iterator

import pytest

from host_tools.twin import TwinThread
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Pingreq, Publish
from host_tools.twin.proxy import ProxyThread
from host_tools.twin.proxy.tls import TlsEnd
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.ends import DEADLINE_S, is_reset, raw, secured
from tests.twin.wire import Wire

NAME = "broker.example"
ACCEPTED = b"\x20\x02\x00\x00"
PING = encode(Pingreq())
PINGED = b"\xd0\x00"


@pytest.fixture(scope="module")
def end() -> TlsEnd:
    return TlsEnd([NAME])


@pytest.fixture
def proxy(twin: TwinThread, end: TlsEnd) -> Iterator[ProxyThread]:
    """Before the twin's plain port."""
    with ProxyThread(("127.0.0.1", twin.mqtt_port), tls=end) as running:
        yield running


@pytest.fixture
def device(twin: TwinThread, end: TlsEnd, proxy: ProxyThread) -> Iterator[ssl.SSLSocket]:
    """Logged in, with CA and name verified."""
    with secured(proxy.port, end.ca_der, NAME) as sock:
        sock.sendall(encode(credentials_for(twin, new_client_id())))
        assert raw(sock, 4) == ACCEPTED
        yield sock


def test_bytes_pass_both_ways(device: ssl.SSLSocket) -> None:
    device.sendall(encode(Publish("devcred/up", bytes(60_000), 0)) + PING)
    assert raw(device, 2) == PINGED


def test_a_fault_at_a_packet(proxy: ProxyThread, device: ssl.SSLSocket) -> None:
    proxy.faults.add(where="out", what="drop", packet="PUBACK")
    device.sendall(encode(Publish("devcred/up", b"", 1, packet_id=5)) + PING)
    assert raw(device, 2) == PINGED


@pytest.mark.parametrize("what", ["close", "kick"])
def test_an_end_is_tls_s_own(proxy: ProxyThread, device: ssl.SSLSocket, what: str) -> None:
    proxy.faults.add(where="in", what=what, packet="PINGREQ")
    device.sendall(PING)
    device.suppress_ragged_eofs = False  # type: ignore[attr-defined]  # an end without close_notify would raise
    assert device.recv(1) == b""


def test_the_servers_end_arrives(device: ssl.SSLSocket) -> None:
    device.sendall(b"\xff\xff")  # no MQTT: the twin closes
    assert device.recv(1) == b""


def test_a_reset_is_one(proxy: ProxyThread, device: ssl.SSLSocket) -> None:
    proxy.faults.add(where="in", what="reset", packet="PINGREQ")
    device.sendall(PING)
    # Python's TLS reads a reset as an end, the socket below does not.
    with socket.socket(fileno=device.detach()) as below:
        below.settimeout(DEADLINE_S)
        assert is_reset(below)


@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize("at_bytes", [0, 100])
def test_cut_in_the_handshake(proxy: ProxyThread, end: TlsEnd, direction: str, at_bytes: int) -> None:
    proxy.faults.add(where="hello", what="reset", direction=direction, at_bytes=at_bytes, server_name=NAME)
    with pytest.raises(ConnectionResetError):
        secured(proxy.port, end.ca_der, NAME)
    secured(proxy.port, end.ca_der, NAME).close()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("other-ca", "unable to get local issuer|self.signed|signature failure"),
        ("other-name", "[Hh]ostname mismatch"),
        ("expired", "expired"),
        ("not-yet-valid", "not yet valid"),
    ],
)
def test_a_wrong_certificate(proxy: ProxyThread, end: TlsEnd, kind: str, why: str) -> None:
    proxy.faults.add(where="hello", what="certificate", certificate=kind)
    with pytest.raises(ssl.SSLCertVerificationError, match=why):
        secured(proxy.port, end.ca_der, NAME)
    secured(proxy.port, end.ca_der, NAME).close()


def test_who_speaks_no_tls_leaves_nothing_behind(proxy: ProxyThread, end: TlsEnd) -> None:
    with Wire(proxy.port) as wire:
        wire.socket.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert wire.is_closed()
    gc.collect()  # a socket left open would be a warning, which is an error here
    secured(proxy.port, end.ca_der, NAME).close()
