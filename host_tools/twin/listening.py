"""Sockets to listen on; a port that cannot be had is one clear line."""

import errno
import socket

from host_tools.errors import MachineError


def bind(host: str, port: int) -> socket.socket:
    """A bound TCP socket; `port` 0 takes a free one. Raises MachineError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError) as error:
        raise MachineError(
            f"cannot listen on {host}", where="twin", do="name an address of this computer"
        ) from error
    sock = socket.socket(family, kind, protocol)
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


def _refused(host: str, port: int, error: OSError) -> MachineError:
    if error.errno == errno.EADDRINUSE:
        return MachineError(
            f"port {port} is in use", where="twin", do="name another port, or 0 for a free one"
        )
    if error.errno == errno.EACCES:
        return MachineError(f"port {port} is not yours to open", where="twin", do="name one above 1023")
    return MachineError(f"cannot listen on {host}", where="twin", do="name an address of this computer")
