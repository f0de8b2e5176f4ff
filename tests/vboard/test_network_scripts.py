"""What can happen to a virtual board's network, as a program on the board sees it and as its server does."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from host_tools.boards.definition import Board
from host_tools.errors import MachineError, UsageError
from host_tools.vboard import AccessPoint, VirtualBoard
from tests.vboard.kit import DEADLINE_S, Terminal, image_with, running

ROUTE = "broker.example:8883"
HOME = AccessPoint("home", "correct-horse")
# For these tests' programs: joins; waits for a status or a change; one connection with a deadline.
TOOLS = """
import errno, network, select, socket, time
w = network.WLAN(network.STA_IF)
w.active(True)
def until(what, ms=3000):
    t = time.ticks_ms()
    while what() is False and time.ticks_diff(time.ticks_ms(), t) < ms:
        time.sleep_ms(5)
    return what()
def join(ssid='home', key='correct-horse'):
    w.disconnect()
    w.connect(ssid, key)
    return until(lambda: w.isconnected() or w.status() not in (1, 1001), 1500) and w.status()
def watch(ms):
    t = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), t) < ms:
        if not w.isconnected() and w.status() == 0:
            join()
        time.sleep_ms(10)
def is_connected(s, a):
    try:
        s.connect(a)
    except OSError as e:
        return e.errno != errno.EALREADY  # an RP2 is writable before it is connected
    return True
def reach(port=8883, host='broker.example', ms=400):
    try:
        a = socket.getaddrinfo(host, port)[0][-1]
    except OSError as e:
        return 'name %d' % e.errno
    s = socket.socket()
    s.setblocking(False)
    try:
        s.connect(a)
    except OSError as e:
        if e.errno != errno.EINPROGRESS:
            return 'errno %d' % e.errno
    p = select.poll()
    p.register(s, select.POLLOUT)
    t = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), t) < ms:
        for _, event in p.poll(20):
            if event & (select.POLLERR | select.POLLHUP):
                return 'refused'
            if is_connected(s, a):
                s.setblocking(True)
                s.settimeout(ms / 1000)
                return s
            time.sleep_ms(5)
    return 'silence'
"""


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(DEADLINE_S)
        yield made


@contextmanager
def networked(tmp_path: Path, board: Board, server: socket.socket) -> Iterator[tuple[VirtualBoard, Terminal]]:
    """A board at its prompt, in no network yet, with the tools."""
    image = image_with(tmp_path / "b.img", board, main=TOOLS)
    with running(image, board, resolve={ROUTE: server.getsockname()[:2]}) as (made, screen):
        screen.wait_for(rb">>> $")
        yield made, screen


@contextmanager
def linked(
    tmp_path: Path, board: Board, server: socket.socket
) -> Iterator[tuple[VirtualBoard, Terminal, socket.socket]]:
    """A board with a TCP link `s` to the server, and the server's end of it."""
    with networked(tmp_path, board, server) as (made, screen):
        assert screen.run("print(join())") == str(got_ip(board))
        screen.run("s = reach()")
        end = server.accept()[0]
        end.settimeout(DEADLINE_S)
        with end:
            yield made, screen, end


def got_ip(board: Board) -> int:
    return 1010 if board.port == "esp32" else 3


def is_silent(end: socket.socket, for_s: float = 0.3) -> bool:
    return not select.select([end], [], [], for_s)[0]


def test_bytes_ends_and_resets_pass(board: Board, tmp_path: Path, server: socket.socket) -> None:
    with linked(tmp_path, board, server) as (_, screen, end):
        assert screen.run("print([s.write(b'x' * 10000) for _ in range(30)] == [10000] * 30)") == "True"
        got = b""
        while len(got) < 300000:
            got += end.recv(65536)
        end.sendall(b"y" * 1000)
        end.shutdown(socket.SHUT_WR)  # half a close: the other half goes on
        assert screen.run("print(len(s.read()), s.write(b'after'))") == "1000 5"
        assert end.recv(100) == b"after"
        screen.run("s.close()")
        assert end.recv(100) == b""
        screen.run("s = reach()")
        second = server.accept()[0]
        second.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        second.close()
        assert "ECONNRESET" in screen.run("s.read(1)")


def test_a_refusing_server_refuses_and_a_silent_one_is_silent(
    board: Board, tmp_path: Path, server: socket.socket
) -> None:
    with networked(tmp_path, board, server) as (made, screen):
        screen.run("join()")
        made.network.server_away(ROUTE)
        assert screen.run("print(reach())") == "silence"
        made.network.restore()
        screen.run("s = reach()")
        server.accept()[0].close()
        server.close()
        assert screen.run("print(reach())") == "refused"


def test_lost_links_are_silent_and_go_on(board: Board, tmp_path: Path, server: socket.socket) -> None:
    with linked(tmp_path, board, server) as (made, screen, end):
        made.network.lose()
        assert screen.run("print(s.write(b'lost'))") == "4"
        assert is_silent(end)
        assert screen.run("print(w.isconnected(), w.ifconfig()[0])") == "False 0.0.0.0"
        made.wait_for("net", "down")
        expected = "name -202" if board.port == "esp32" else "name -6"
        assert screen.run("print(reach())") == expected
        assert screen.run("print(join())") == ("False" if board.port == "esp32" else "-2")
        made.network.restore()
        if board.port == "rp2":  # it waits to be told
            assert screen.run("print(until(w.isconnected, 300))") == "False"
            screen.run("join()")
        assert screen.run("print(until(w.isconnected))") == "True"
        assert end.recv(100) == b"lost"


def test_flapping(board: Board, tmp_path: Path, server: socket.socket) -> None:
    with linked(tmp_path, board, server) as (made, screen, end):
        seen = len(made.events)
        made.network.flap(down_ms=100, up_ms=400, times=2)
        screen.run("watch(1200)")
        kinds = [event.text for event in made.events[seen:] if event.kind == "net"]
        assert kinds == ["down", "up home"] * 2
        screen.run("n = s.write(b'still there')")
        assert end.recv(100) == b"still there"


def test_why_a_joining_fails(board: Board, tmp_path: Path, server: socket.socket) -> None:
    no_point, wrong, no_address = (201, 202, 1001) if board.port == "esp32" else (-2, -3, 2)
    with networked(tmp_path, board, server) as (made, screen):
        if board.port == "esp32":
            assert screen.run("w.config(reconnects=1)") == ""
        else:
            assert "ValueError: unknown config param" in screen.run("w.config(reconnects=1)")
        made.network.set_access_points(HOME, AccessPoint("attic", "correct-horse", hidden=True))
        assert screen.run("print(join('cellar'))") == str(no_point)
        assert screen.run("print(join('home', 'wrong'))") == str(wrong)
        assert screen.run("print(join('attic'))") == str(got_ip(board))  # hidden
        names = [b"home", b""]
        assert screen.run("print([found[0] for found in w.scan()])") == str(names)
        made.network.lose("attic")
        assert screen.run("print(join('attic'))") == str(no_point)
        assert screen.run("print(join())") == str(got_ip(board))
        made.network.wrong_password()
        assert screen.run("print(w.isconnected(), join())") == f"False {wrong}"
        made.network.restore()
        made.network.no_address()
        screen.run("x = join()")
        assert screen.run("print(w.status(), w.isconnected(), w.status('rssi'))") == f"{no_address} False -52"
        made.network.restore()
        assert screen.run("print(until(w.isconnected))") == "True"


def test_names(board: Board, tmp_path: Path, server: socket.socket) -> None:
    unknown = "name -202" if board.port == "esp32" else "name -2"
    with (
        networked(tmp_path, board, server) as (made, screen),
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        other.settimeout(DEADLINE_S)
        address = other.getsockname()[:2]
        screen.run("join()")
        made.network.dns_dead()
        assert screen.run("print(reach(), reach(123))") == f"{unknown} {unknown}"
        made.network.restore()
        made.network.captive_portal(address)
        screen.run("s = reach(80, 'any.example')")
        other.accept()[0].close()
        made.network.restore()
        assert screen.run("print(reach(80, 'any.example'))") == unknown
        made.network.dns_move(ROUTE, address)
        screen.run("s = reach()")
        other.accept()[0].close()


def test_a_radio_that_is_dead_with_its_address(board: Board, tmp_path: Path, server: socket.socket) -> None:
    with linked(tmp_path, board, server) as (made, screen, end):
        made.network.radio_dead_with_address()
        screen.run("n = s.write(b'lost'); end = s.close()")
        assert is_silent(end)
        assert screen.run("print(w.isconnected(), w.ifconfig()[0])") == "True 192.0.2.2"
        assert screen.run("print(reach())").startswith("name ")
        screen.run("x = w.disconnect(), join()")
        assert screen.run("print(reach())").startswith("name ")
        screen.run("w.active(False); x = w.active(True), join()")
        screen.run("s = reach()")
        server.accept()[0].close()


def test_a_radio_that_does_not_come_back(board: Board, tmp_path: Path, server: socket.socket) -> None:
    with linked(tmp_path, board, server) as (made, screen, _):
        made.network.never_reconnects()
        made.network.flap(10, 0, 1)
        assert screen.run("print(until(lambda: not w.isconnected()))") == "True"
        screen.run("x = join()")
        assert screen.run("print(until(w.isconnected, 400))") == "False"
        screen.run("w.active(False); x = w.active(True)")
        assert screen.run("print(join())") == str(got_ip(board))


def test_power_saving_that_loses_the_network(board: Board, tmp_path: Path, server: socket.socket) -> None:
    with linked(tmp_path, board, server) as (made, screen, end):
        made.network.power_save_loss(after_ms=50)
        time.sleep(0.2)
        screen.run("n = s.write(b'lost')")
        assert is_silent(end)
        off = 0 if board.port == "esp32" else 0xA11140
        screen.run(f"w.active(False); x = w.active(True), w.config(pm={off}), join()")
        assert end.recv(100) == b"lost"
        time.sleep(0.2)
        screen.run("n = s.write(b'kept')")
        assert end.recv(100) == b"kept"


def test_it_holds_over_a_reset(esp32: Board, tmp_path: Path, server: socket.socket) -> None:
    with networked(tmp_path, esp32, server) as (made, screen):
        made.network.set_access_points(HOME)
        made.power_cycle()
        screen.wait_for(rb">>> $")
        screen.run("w.config(reconnects=0)")
        assert screen.run("print(join('other'), join())") == "201 1010"


def test_what_cannot_be_said(esp32: Board, tmp_path: Path) -> None:
    made = VirtualBoard(tmp_path / "b.img", esp32)
    with pytest.raises(MachineError, match="not running"):
        made.network.flap(1, 1, 1)
    with pytest.raises(UsageError, match="nothing is behind"):
        made.network.server_away("x:1")
    with pytest.raises(UsageError, match="leads to 192.0.2.1"):
        made.network.captive_portal(("192.0.2.1", 80))
    with pytest.raises(UsageError, match="has no port"):
        made.network.dns_move("x", ("127.0.0.1", 80))
