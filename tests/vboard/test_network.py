"""The stand-in network: what resolves, what does not, and the time."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.boards.definition import Board
from host_tools.errors import UsageError
from host_tools.vboard import VirtualBoard
from host_tools.vboard.sntp import ANSWERS, reply
from tests.vboard.kit import Terminal, image_with, running

JOIN = (
    "import network, socket, time; w = network.WLAN(network.STA_IF); "
    "w.active(True); w.connect('home', 'secret')"
)
WAIT = "while not w.isconnected(): time.sleep_ms(10)"


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that sends back, in capitals, the first thing that it gets."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def serve() -> None:
            try:
                connection, _ = server.accept()
            except OSError:  # the test has ended without it
                return
            with connection:
                connection.sendall(connection.recv(100).upper())

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def join(screen: Terminal) -> None:
    screen.run(JOIN)
    wait_up(screen)


def wait_up(screen: Terminal) -> None:
    screen.type(WAIT.encode() + b"\r\r\r\r")
    screen.wait_for(rb"\r\n>>> $")
    assert screen.run("print(w.isconnected())") == "True"


def test_routes_and_nothing_else(board: Board, tmp_path: Path, echo_port: int) -> None:
    unknown, offline = ("-202", "-202") if board.port == "esp32" else ("-2", "-6")
    image = image_with(tmp_path / "b.img", board)
    with running(image, board, resolve={"broker.example:8883": ("127.0.0.1", echo_port)}) as (made, screen):
        screen.wait_for(rb">>> $")
        assert f"OSError: {offline}" in screen.run(
            "import socket; socket.getaddrinfo('broker.example', 8883)"
        )
        join(screen)
        screen.run("a = socket.getaddrinfo('broker.example', 8883)[0][-1]; s = socket.socket(); s.connect(a)")
        assert screen.run("s.write(b'hello'); print(s.read(5)); s.close()").endswith("b'HELLO'")
        for host, port in (
            ("broker.example", 1883),
            ("other.example", 8883),
            ("127.0.0.1", echo_port),
            ("10.0.0.1", 80),
        ):
            assert f"OSError: {unknown}" in screen.run(f"socket.getaddrinfo({host!r}, {port})")
        assert (
            screen.run("import usocket; print(usocket is socket, hasattr(socket, 'sockaddr'))")
            == "True False"
        )
        made.wait_for("net", "up home")
        screen.run("w.active(False)")
        assert f"OSError: {offline}" in screen.run("socket.getaddrinfo('broker.example', 8883)")
        made.wait_for("net", "down")


def test_station_states(board: Board, tmp_path: Path) -> None:
    idle, joining, up = (1000, 1001, 1010) if board.port == "esp32" else (0, 1, 3)
    with running(image_with(tmp_path / "b.img", board), board) as (_, screen):
        screen.wait_for(rb">>> $")
        assert "OSError" in screen.run("import network; network.WLAN(network.STA_IF).connect('x', 'y')")
        screen.run("w = network.WLAN(network.STA_IF); w.active(True)")
        assert screen.run("print(w.status(), w.isconnected(), w.ifconfig()[0])") == f"{idle} False 0.0.0.0"
        assert screen.run("w.connect('home', 'secret'); print(w.status())") == str(joining)
        screen.run("import time")
        wait_up(screen)
        assert (
            screen.run("print(w.status() == network.STAT_GOT_IP, w.status(), w.config('ssid'))")
            == f"True {up} home"
        )
        assert screen.run("print(len(w.config('mac')), w.status('rssi') < 0)") == "6 True"
        screen.run("network.country('DE'); network.hostname('till-1')")
        assert (
            screen.run("print(network.country(), network.hostname(), w.config('hostname'))")
            == "DE till-1 till-1"
        )


def test_time_from_the_network(board: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", board), board) as (_, screen):
        screen.wait_for(rb">>> $")
        join(screen)
        screen.run(
            "a = socket.getaddrinfo('ntp.example', 123, 0, socket.SOCK_DGRAM)[0]; s = socket.socket(*a[:2])"
        )
        screen.run("s.settimeout(5); n = s.sendto(b'\\x1b' + bytes(47), a[-1]); r = s.recv(48)")
        seconds = int(screen.run("import struct; print(struct.unpack('!I', r[40:44])[0])"))
    assert abs(seconds - 2208988800 - time.time()) < 60


def test_sntp_reply() -> None:
    request = struct.pack("!B39xQ", 0x23, 0x1122334455667788)
    answer = reply(request, 1_700_000_000.5)
    assert len(answer) == 48 and answer[0] & 7 == 4 and answer[1] == 1
    assert answer[24:32] == request[40:48]
    assert answer[40:48] == struct.pack("!II", 1_700_000_000 + 2_208_988_800, 1 << 31)


def test_sntp_replies_that_are_not_to_be_believed() -> None:
    """RFC 4330, 4 and 5."""
    request = struct.pack("!B1xB37xQ", 0x23, 0xFF, 0x1122334455667788)
    replies = {how: reply(request, 1_700_000_000.5, how) for how in ANSWERS}
    assert replies["kiss-of-death"][1] == 0  # stratum
    assert replies["not-set"][0] >> 6 == 3  # leap indicator
    assert replies["forged"][24:32] != request[40:48]  # originate time
    assert len(replies["short"]) < len(replies["garbage"]) == 48
    for how in ("kiss-of-death", "not-set", "forged"):
        assert replies[how][40:] == replies["right"][40:] and replies[how][0] & 7 == 4


@pytest.mark.parametrize("resolve", [{"a:1": ("192.0.2.1", 80)}, {"a": ("127.0.0.1", 80)}])
def test_routes_that_leave_loopback_are_refused(
    esp32: Board, tmp_path: Path, resolve: dict[str, tuple[str, int]]
) -> None:
    with pytest.raises(UsageError), VirtualBoard(tmp_path / "b.img", esp32, resolve=resolve):
        pass


ASIDE = f"""
import _thread
{JOIN}
{WAIT}
def aside():
    while True:
        time.sleep_ms(0)
_thread.start_new_thread(aside, ())
for _ in range(300):
    socket.getaddrinfo('broker.example', 8883)
print('all resolved')
"""


def test_a_thread_aside_hears_nothing_that_another_asked_for(esp32: Board, tmp_path: Path) -> None:
    # The agent on an ESP32 feeds the watchdog so while a name is resolved, and a while longer.
    image = image_with(tmp_path / "b.img", esp32, main=ASIDE)
    with running(image, esp32, resolve={"broker.example:8883": ("127.0.0.1", 9)}) as (_, screen):
        assert screen.wait_for(rb"all resolved|Error", deadline_s=30)[0] == b"all resolved"
