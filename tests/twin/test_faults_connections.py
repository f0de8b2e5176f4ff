"""Faults before the first packet, as a raw client meets them: listeners, accepted sockets, TLS handshakes."""

import datetime as dt
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from cryptography import x509

from host_tools.errors import UsageError
from host_tools.twin import TwinThread
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Connack, Connect
from host_tools.twin.faults.hello import server_name
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.ends import DEADLINE_S, is_reset, raw, refused_with, shake, stays_silent
from tests.twin.wire import Wire

Start = Callable[..., TwinThread]
ACCEPTED = b"\x20\x02\x00\x00"


def dial(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), DEADLINE_S)


def connect(twin: TwinThread) -> bytes:
    return encode(credentials_for(twin, new_client_id()))


def goes_in(twin: TwinThread, sock: socket.socket) -> bool:
    with sock:
        sock.sendall(connect(twin))
        return raw(sock, 4) == ACCEPTED


class Shaking:
    """A TLS client in pieces: what it sends, it sends when told."""

    def __init__(self, twin: TwinThread) -> None:
        context = ssl.create_default_context(cadata=twin.ca_der)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._client = context.wrap_bio(self._in, self._out, server_hostname=twin.host_name)

    def next(self, received: bytes = b"") -> bytes:
        """What goes out after `received`."""
        self._in.write(received)
        with suppress(ssl.SSLWantReadError):
            self._client.do_handshake()
        return self._out.read()


# Listeners.


@pytest.mark.parametrize("name", ["mqtt", "tls"])
def test_a_listener_refuses_until_the_fault_is_removed(faulty: TwinThread, name: str) -> None:
    port = {"mqtt": faulty.mqtt_port, "tls": faulty.tls_port}[name]
    other = {"mqtt": faulty.tls_port, "tls": faulty.mqtt_port}[name]
    number = faulty.faults.add(where="listener", what="refuse", listener=name)
    with pytest.raises(ConnectionRefusedError):
        dial(port)
    dial(other).close()
    faulty.faults.remove(number)
    dial(port).close()
    assert goes_in(faulty, dial(port) if name == "mqtt" else shake(faulty))


def test_a_listener_refuses_for_a_time_and_leaves_connections_alone(
    faulty: TwinThread, connect_as: Callable[..., Wire]
) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="listener", what="refuse", listener="mqtt", hold_s=0.1)
    deadline = time.monotonic() + DEADLINE_S
    with pytest.raises(ConnectionRefusedError):
        dial(faulty.mqtt_port)
    while time.monotonic() < deadline:
        try:
            sock = dial(faulty.mqtt_port)
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
    assert goes_in(faulty, sock)
    assert wire.is_quiet()


def test_a_listener_that_is_not_there_cannot_refuse(start_twin: Start) -> None:
    twin = start_twin(ws_port=None)
    with pytest.raises(UsageError, match="listener ws: is not there"):
        twin.faults.add(where="listener", what="refuse", listener="ws")


# Accepted sockets. On the TLS port nothing of the handshake has happened yet.


@pytest.mark.parametrize("listener", ["mqtt", "tls", "ws", "wss", "api"])
@pytest.mark.parametrize("how", ["rst", "fin"])
def test_a_connection_is_refused_at_the_accept(faulty: TwinThread, listener: str, how: str) -> None:
    port = getattr(faulty.twin, f"{listener}_port")
    faulty.faults.add(where="accept", what="refuse", listener=listener, how=how)
    assert refused_with(port) == how
    with dial(port) as sock:
        assert stays_silent(sock)


@pytest.mark.parametrize("listener", ["mqtt", "tls"])
def test_accepted_and_never_answered(faulty: TwinThread, listener: str) -> None:
    faulty.faults.add(where="accept", what="mute", listener=listener)
    with dial(getattr(faulty, f"{listener}_port")) as sock:
        sock.sendall(connect(faulty))
        assert stays_silent(sock)


def test_everything_is_late_from_the_accept_on(faulty: TwinThread) -> None:
    faulty.faults.add(where="accept", what="delay", delay_ms=80)
    started = time.monotonic()
    assert goes_in(faulty, dial(faulty.mqtt_port))
    assert time.monotonic() - started >= 0.08


def test_the_answer_is_cut_at_a_byte_of_the_connection(faulty: TwinThread) -> None:
    faulty.faults.add(where="accept", what="close", at_bytes=3)
    with dial(faulty.mqtt_port) as sock:
        sock.sendall(connect(faulty))
        assert raw(sock, 10) == ACCEPTED[:3]


def test_a_reset_in_the_middle_of_what_the_device_sends(faulty: TwinThread) -> None:
    faulty.faults.add(where="accept", what="reset", at_bytes=5, direction="in")
    with dial(faulty.mqtt_port) as sock:
        sock.sendall(connect(faulty))
        assert is_reset(sock)


def test_a_byte_of_the_connection_is_turned(faulty: TwinThread) -> None:
    faulty.faults.add(where="accept", what="corrupt", at_bytes=3)
    with dial(faulty.mqtt_port) as sock:
        sock.sendall(connect(faulty) + b"\xc0\x00")
        assert raw(sock, 6) == b"\x20\x02\x00\xff\xd0\x00"


def test_the_server_ends_its_half_and_still_listens(faulty: TwinThread) -> None:
    client_id = new_client_id()
    faulty.faults.add(where="accept", what="half-close", at_bytes=4)
    with dial(faulty.mqtt_port) as sock, Wire(faulty.mqtt_port) as other:
        assert other.login(credentials_for(faulty, new_client_id())).code == 0
        sock.sendall(encode(credentials_for(faulty, client_id)))
        assert raw(sock, 5) == ACCEPTED
        assert faulty.call(faulty.twin.broker.is_online, client_id)
        sock.sendall(b"\xc0\x00")


def test_a_drip_from_the_first_byte(faulty: TwinThread) -> None:
    faulty.faults.add(where="accept", what="drip", bytes_per_s=40)
    with dial(faulty.mqtt_port) as sock:
        sock.sendall(connect(faulty))
        assert [sock.recv(9) for _ in range(4)] == [b"\x20", b"\x02", b"\x00", b"\x00"]


def test_a_black_hole_from_the_accept_on(faulty: TwinThread) -> None:
    number = faulty.faults.add(where="accept", what="hole")
    with dial(faulty.mqtt_port) as sock:
        sock.sendall(connect(faulty))
        assert stays_silent(sock)
        faulty.faults.remove(number)
        assert raw(sock, 4) == ACCEPTED


# The ClientHello.


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("other-ca", "unable to get local issuer|self-signed|signature failure"),
        ("other-name", "Hostname mismatch"),
        ("expired", "expired"),
        ("not-yet-valid", "not yet valid"),
    ],
)
def test_a_wrong_certificate(faulty: TwinThread, kind: str, words: str) -> None:
    faulty.faults.add(where="hello", what="certificate", certificate=kind)
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        shake(faulty)
    assert goes_in(faulty, shake(faulty))


def test_a_certificate_just_issued(faulty: TwinThread) -> None:
    faulty.faults.add(where="hello", what="certificate", certificate="just-issued")
    sock = shake(faulty)
    certificate = x509.load_der_x509_certificate(sock.getpeercert(True) or b"")
    age = dt.datetime.now(dt.UTC) - certificate.not_valid_before_utc
    assert dt.timedelta(minutes=1) <= age < dt.timedelta(minutes=10)
    assert goes_in(faulty, sock)


def test_a_rule_for_one_server_name_leaves_the_others_alone(faulty: TwinThread) -> None:
    number = faulty.faults.add(
        where="hello", what="certificate", certificate="expired", server_name="*.aliyuncs.com", times=0
    )
    assert goes_in(faulty, shake(faulty, "localhost"))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(faulty, faulty.host_name)
    assert faulty.faults.list()[0].number == number
    assert faulty.faults.list()[0].hits == 1


def test_a_reset_after_the_client_hello(faulty: TwinThread) -> None:
    faulty.faults.add(where="hello", what="reset")
    with pytest.raises(ConnectionResetError):
        shake(faulty)


def test_mute_after_the_client_hello(faulty: TwinThread) -> None:
    number = faulty.faults.add(where="hello", what="mute")
    with dial(faulty.tls_port) as sock:
        sock.sendall(Shaking(faulty).next())
        faulty.faults.wait_hit(number)
        assert stays_silent(sock)


@pytest.mark.parametrize(("direction", "at_bytes"), [("out", 60), ("out", 400), ("in", 300), ("in", 560)])
def test_a_reset_at_other_steps_of_the_handshake(faulty: TwinThread, direction: str, at_bytes: int) -> None:
    """In the server's flight, within the ClientHello, in the client's last flight."""
    faulty.faults.add(where="hello", what="reset", at_bytes=at_bytes, direction=direction)
    client = Shaking(faulty)
    hello = client.next()
    with dial(faulty.tls_port) as sock:
        sock.sendall(hello)
        received = handshake_bytes(client, sock)
    # A reset may be quicker than what was sent before it.
    assert received <= at_bytes if direction == "out" else (received == 0) == (at_bytes < len(hello))


def handshake_bytes(client: Shaking, sock: socket.socket) -> int:
    """Go on with a handshake until it is reset; the bytes that came till then."""
    total = 0
    while True:
        try:
            data = sock.recv(9999)
            assert data, "ended without a reset"
            total += len(data)
            sock.sendall(client.next(data))
        except ConnectionResetError:
            return total


def test_a_client_hello_that_comes_byte_by_byte(faulty: TwinThread) -> None:
    faulty.faults.add(where="hello", what="close", server_name="never.invalid")
    with dial(faulty.tls_port) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in Shaking(faulty).next():
            sock.sendall(bytes((byte,)))
        assert raw(sock, 1) == b"\x16"


def test_garbage_in_the_place_of_a_client_hello_is_no_concern_of_the_rules(faulty: TwinThread) -> None:
    faulty.faults.add(where="hello", what="reset", server_name="?*")
    with dial(faulty.tls_port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert raw(sock, 1) in (b"", b"\x15")  # closed, or a TLS alert
    assert goes_in(faulty, dial(faulty.mqtt_port))


def test_no_bytes_make_the_reader_of_server_names_fail(twin: TwinThread) -> None:
    hello = Shaking(twin).next()
    assert server_name(hello) == twin.host_name
    for end in range(len(hello)):
        assert server_name(hello[:end]) in ("", twin.host_name)
    for noise in (b"", b"\x16" * 60, b"\x16\x03\x01\x00\x40\x01" + b"\xff" * 60):
        assert isinstance(server_name(noise), str)


def test_login_through_every_gate_at_once(faulty: TwinThread) -> None:
    """Rules that match nothing change nothing."""
    for where in ("accept", "hello", "in", "out", "connack"):
        faulty.faults.add(where=where, what="close", nth=1000)
    assert goes_in(faulty, dial(faulty.mqtt_port))
    assert goes_in(faulty, shake(faulty))
    with Wire(faulty.mqtt_port) as wire:
        assert isinstance(wire.login(Connect("nobody")), Connack)
