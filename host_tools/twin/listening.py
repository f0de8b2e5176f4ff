"""Sockets to listen on; a port that cannot be had is one clear line."""

import errno
import socket
import struct
from collections.abc import Callable
from typing import Any

from host_tools.errors import MachineError
from host_tools.twin.spare import Spare

_LINGER_ZERO = struct.pack("ii", 1, 0)


class Listener(socket.socket):
    """A listening socket. `gate`, when there is one, sees each new connection before anybody reads from it.

    It gives back the socket to serve in its place, or None where there is nothing to serve.
    """

    gate: Callable[[socket.socket], socket.socket | None] | None = None

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self._spare = Spare()

    def accept(self) -> tuple[socket.socket, Any]:
        while True:
            try:
                sock, address = super().accept()
            except OSError as error:
                if self._spare.turns_away(error, super().accept):
                    continue
                raise
            gate = self.gate
            if gate is None:
                return sock, address
            served = gate(sock)
            if served is not None:
                return served, address

    def close(self) -> None:
        self._spare.close()
        super().close()


def bind(host: str, port: int) -> Listener:
    """A bound TCP socket; `port` 0 takes a free one. Raises MachineError."""
    # As bytes: for text the system module loads all of Unicode's names first, a megabyte.
    name = host.encode() if host.isascii() else host
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError) as error:
        raise MachineError(
            f"cannot listen on {host}", where="twin", do="name an address of this computer"
        ) from error
    sock = Listener(family, kind, protocol)
    try:
        # A port whose last connections are still winding down is free.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        # Found here rather than later: on some systems a busy port shows only when listening.
        sock.listen()
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise _refused(host, port, error) from None
    return sock


def port_of(sock: socket.socket) -> int:
    """The port that a bound socket got."""
    return int(sock.getsockname()[1])


def arm_reset(sock: Any) -> None:
    """Make closing this socket a TCP reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)


def _refused(host: str, port: int, error: OSError) -> MachineError:
    if error.errno == errno.EADDRINUSE:
        return MachineError(
            f"port {port} is in use", where="twin", do="name another port, or 0 for a free one"
        )
    if error.errno == errno.EACCES:
        return MachineError(f"port {port} is not yours to open", where="twin", do="name one above 1023")
    return MachineError(f"cannot listen on {host}", where="twin", do="name an address of this computer")
