"""The dates of a server's certificate count by the board's clock, not by the computer's."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from host_tools.boards.definition import Board
from host_tools.boards.image import build_image
from host_tools.twin import certs
from host_tools.twin.authority import Authority, context_of
from tests.vboard.kit import DEADLINE_S, running

NAME = "broker.example"
DAY_S = 86_400
# Steps a handshake as a program does that must not block: writes until it is through, and polls between.
PROGRAM = """
import errno, machine, network, select, socket, ssl, time
w = network.WLAN(network.STA_IF)
w.active(True)
w.connect('home', 'correct-horse')
while not w.isconnected():
    time.sleep_ms(5)
def shake(port, mode=ssl.CERT_REQUIRED):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.verify_mode = mode
    with open('/ca.der', 'rb') as f:
        c.load_verify_locations(cadata=f.read())
    s = socket.socket()
    s.connect(socket.getaddrinfo('broker.example', port)[0][-1])
    s.setblocking(False)
    t = c.wrap_socket(s, server_hostname='broker.example', do_handshake_on_connect=False)
    p = select.poll()
    p.register(t, select.POLLIN)
    try:
        while not t.write(b'q'):
            p.poll(3000)
        p.poll(3000)
        return t.read(1)
    except Exception as e:
        return e.args
    finally:
        t.close()
def clock(year, month=1, day=1):
    machine.RTC().datetime((year, month, day, 0, 0, 0, 0, 0))
"""


class Server:
    """Answers one byte over TLS to who shakes hands, with a certificate of its own."""

    def __init__(self, pem: str) -> None:
        self._context = context_of(pem)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.address: tuple[str, int] = self._listener.getsockname()

    def _serve(self) -> None:
        while True:
            try:
                link = self._listener.accept()[0]
            except OSError:
                return
            link.settimeout(DEADLINE_S)
            with contextlib.suppress(OSError), self._context.wrap_socket(link, server_side=True) as secure:
                secure.recv(1)
                secure.sendall(b"a")

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return certs.new_authority(time.time())


@pytest.fixture(scope="module")
def servers(authority: Authority) -> Iterator[dict[int, Server]]:
    """By the port on which the board finds them."""
    now_s, name = time.time(), [NAME]
    pems = {
        1: certs.server_pem(authority, name, now_s),
        2: certs.server_pem(authority, name, now_s - 400 * DAY_S),
        3: certs.server_pem(authority, name, now_s + 800 * DAY_S, now_s + 400 * DAY_S),
        4: certs.server_pem(certs.new_authority(now_s), name, now_s),
        5: certs.server_pem(authority, ["other.example"], now_s),
    }
    with contextlib.ExitStack() as stack:
        yield {port: stack.enter_context(contextlib.closing(Server(pem))) for port, pem in pems.items()}


def test_the_boards_clock_judges(
    board: Board, tmp_path: Path, authority: Authority, servers: dict[int, Server]
) -> None:
    image = tmp_path / "b.img"
    image.write_bytes(build_image(board, {"main.py": PROGRAM.encode(), "ca.der": authority.der}))
    routes = {f"{NAME}:{port}": server.address for port, server in servers.items()}
    today = time.gmtime()
    right = f"clock({today.tm_year}, {today.tm_mon}, {today.tm_mday})"
    with running(image, board, resolve=routes) as (_, screen):
        screen.wait_for(rb">>> $")
        screen.run(right)
        assert screen.run("print(shake(1))") == "b'a'"
        # The words of Mbed TLS itself, which goes by the computer's clock here.
        expired, future = screen.run("print(shake(2))"), screen.run("print(shake(3))")
        assert "expired" in expired and "future" in future
        stranger, misnamed = screen.run("print(shake(4))"), screen.run("print(shake(5))")
        assert "trusted CA" in stranger and "Common Name" in misnamed
        screen.run(f"clock({today.tm_year + 2})")  # after the server's certificate, before the CA's end
        assert screen.run("print(shake(1))") == expired
        screen.run(f"clock({today.tm_year + 40})")
        assert screen.run("print(shake(1))") == expired
        screen.run("clock(2025)")
        assert screen.run("print(shake(1))") == future
        assert screen.run("print(shake(1, ssl.CERT_NONE))") == "b'a'"
        screen.run(right)
        assert screen.run("print(shake(1))") == "b'a'"


def test_dates_of_two_digits_and_of_four(esp32: Board, tmp_path: Path, authority: Authority) -> None:
    """RFC 5280, 4.1.2.5: two digits of a year from 1950 to 2049, four after that."""
    image = tmp_path / "b.img"
    spans_s = ((-600_000_000.0, 900_000_000.0), (1_000_000_000.0, 3_000_000_000.0))
    ders = {
        f"{number}.der": ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT") :])
        for number, (since_s, now_s) in enumerate(spans_s)
        for pem in [certs.server_pem(authority, [NAME], now_s, since_s)]
    }
    image.write_bytes(build_image(esp32, ders))
    with running(image, esp32) as (_, screen):
        screen.wait_for(rb">>> $")
        for name, der in ders.items():
            made = x509.load_der_x509_certificate(der)
            dates = made.not_valid_before_utc, made.not_valid_after_utc
            shown = screen.run(f"import tls; print(tls._dates(open('{name}', 'rb').read()))")
            assert shown == str(tuple(f"{each:%Y%m%d%H%M%SZ}".encode() for each in dates))
