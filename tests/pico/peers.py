"""The peers that the fidelity probes meet, each a listener on loopback with one way to behave."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable

from host_tools.twin import certs
from host_tools.twin.authority import Authority, context_of
from host_tools.twin.faults.wrong_certs import WrongCertificates

SERVER_NAME = "good.example"
WRONG_CERTIFICATES = ("other-ca", "other-name", "expired", "not-yet-valid")
_RESETS = struct.pack("ii", 1, 0)
_BACKLOG = 8
_HANDSHAKE_S = 3600.0

Behaviour = Callable[[socket.socket], None]


class Peers:
    """A context manager; `ports` by name, and `authority`, whose certificate the guest trusts.

    `late_s`: how long the late one waits, which is to be longer than the probes' time-out is there.
    """

    def __init__(self, late_s: float) -> None:
        self.ports: dict[str, int] = {}
        self.authority: Authority = certs.new_authority(time.time())
        self._late_s = late_s
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Peers":
        for name, behaviour in self._behaviours().items():
            self._open(name, behaviour)
        refusing = self._stack.enter_context(socket.socket())
        refusing.bind(("127.0.0.1", 0))
        self.ports["refused"] = refusing.getsockname()[1]
        # Its queue is full, so that the kernel drops what would connect.
        hole = self._stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        self._stack.enter_context(socket.create_connection(hole.getsockname()))
        self.ports["hole"] = hole.getsockname()[1]
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def _behaviours(self) -> dict[str, Behaviour]:
        now_s = time.time()
        good = context_of(certs.server_pem(self.authority, [SERVER_NAME], now_s))
        wrong = WrongCertificates(self.authority, [SERVER_NAME], time.time)
        return {
            "quiet": _quiet,
            "late": self._late,
            "ends": _ends,
            "resets": _resets,
            "babbles": _babbles,
            "tls-good": _tls(good, _quiet),
            "tls-ends": _tls(good, _closes),
            "tls-resets": _tls(good, _resets),
        } | {f"tls-{kind}": _tls(wrong(kind), _quiet) for kind in WRONG_CERTIFICATES}

    def _open(self, name: str, behaviour: Behaviour) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.ports[name] = listener.getsockname()[1]
        thread = threading.Thread(
            target=self._serve, args=(listener, behaviour), name=f"peer {name}", daemon=True
        )
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(listener.close)
        self._stack.callback(listener.shutdown, socket.SHUT_RDWR)

    def _serve(self, listener: socket.socket, behaviour: Behaviour) -> None:
        threads = []
        while True:
            try:
                link = listener.accept()[0]
            except OSError:  # it is over
                break
            threads.append(threading.Thread(target=self._meet, args=(link, behaviour), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _meet(self, link: socket.socket, behaviour: Behaviour) -> None:
        with link, contextlib.suppress(OSError):
            link.settimeout(_HANDSHAKE_S)
            behaviour(link)

    def _late(self, link: socket.socket) -> None:
        time.sleep(self._late_s)
        link.sendall(b"late")
        _quiet(link)


def _quiet(link: socket.socket) -> None:
    # It closes when the guest does: lwIP has few connections, and one half closed is still one.
    while link.recv(4096):
        pass


def _ends(link: socket.socket) -> None:
    link.recv(4096)
    link.shutdown(socket.SHUT_WR)


def _resets(link: socket.socket) -> None:
    link.recv(1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETS)


def _babbles(link: socket.socket) -> None:
    link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    _quiet(link)


def _closes(link: socket.socket) -> None:
    link.recv(1)


def _tls(context: ssl.SSLContext, behaviour: Behaviour) -> Behaviour:
    def serve(link: socket.socket) -> None:
        with context.wrap_socket(link, server_side=True) as secured:
            behaviour(secured)

    return serve
