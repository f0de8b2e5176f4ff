"""The emulated Pico W reaches what it was given on loopback, and nothing else on earth."""

import socket
import threading
from pathlib import Path

from tests.pico.board import PicoBoard
from tests.pico.worlds import BOARD

# 192.0.2.0/24 is for documentation.
OUTSIDE = ("192.0.2.7", 443)
MAIN = b"""import network, socket, time
w = network.WLAN(network.STA_IF)
w.active(True)
w.connect("RP2040PY-GUEST", "any-password")
while not w.isconnected():
    time.sleep_ms(10)
def attempt(host, port):
    s = socket.socket()
    try:
        s.connect(socket.getaddrinfo(host, port)[0][-1])
        print("reached", host, port, s.read(2))
    except OSError as error:
        print("failed", host, port)
    s.close()
attempt("known.example", 80)
attempt("known.example", 81)
attempt("%s", %d)
attempt("10.0.0.1", 22)
attempt("elsewhere.example", 80)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.sendto(b"x", socket.getaddrinfo("%s", 9)[0][-1])
u.sendto(b"x", socket.getaddrinfo("1.1.1.1", 53)[0][-1])
print("end")
""" % (OUTSIDE[0].encode(), OUTSIDE[1], OUTSIDE[0].encode())


def test_what_is_not_given_is_not_reached(uf2: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
        server_port = server.getsockname()[1]
        routes = {"known.example:80": server_port}
        with PicoBoard(uf2, BOARD, tmp_path, {"/main.py": MAIN}, routes) as board:
            board.wait_line("end")
            board.wait_event("refused", "udp 1.1.1.1:53")
            said = [told.line for told in board.told if told.line.startswith(("reached", "failed"))]
            events = [
                f"{told.event} {told.text}" for told in board.told if told.event in ("connect", "refused")
            ]
            sockets = [told.text for told in board.told if told.event == "socket"]
    assert sockets == [f"127.0.0.1:{server_port}"]
    assert said == [
        "reached known.example 80 b'ok'",
        "failed known.example 81",
        "failed 192.0.2.7 443",
        "failed 10.0.0.1 22",
        "failed elsewhere.example 80",
    ]
    assert events == [
        "connect known.example:80",
        "refused tcp known.example:81",
        "refused tcp 192.0.2.7:443",
        "refused tcp 10.0.0.1:22",
        "refused udp 192.0.2.7:9",
        "refused udp 1.1.1.1:53",
    ]


def _greet(server: socket.socket) -> None:
    with server.accept()[0] as link:
        link.sendall(b"ok")
        # It closes after the guest: a blocking connect of 1.22 fails where the peer has closed by its return.
        link.recv(1)
