"""How a connection looks from its other end: cut, ended, or silent."""

import socket
import ssl

from host_tools.twin import TwinThread

_SILENCE_S = 0.15
DEADLINE_S = 3.0


def is_reset(sock: socket.socket) -> bool:
    """Whether the peer resets, with nothing sent before."""
    try:
        sock.recv(1)
    except ConnectionResetError:
        return True
    return False


def stays_silent(sock: socket.socket) -> bool:
    """Whether nothing comes and nothing ends, for as long as a test can wait."""
    sock.settimeout(_SILENCE_S)
    try:
        sock.recv(1)
    except TimeoutError:
        return True
    finally:
        sock.settimeout(DEADLINE_S)
    return False


def raw(sock: socket.socket, size: int) -> bytes:
    """So many bytes, or what comes before the peer's end."""
    data = b""
    while len(data) < size and (more := sock.recv(size - len(data))):
        data += more
    return data


def refused_with(port: int) -> str:
    """How a connection ends that is refused at the accept; a reset can be there before `connect` is back."""
    try:
        with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sock:
            return "rst" if is_reset(sock) else "fin"
    except ConnectionResetError:
        return "rst"


def shake(twin: TwinThread, name: str = "", port: int = 0) -> ssl.SSLSocket:
    """A verified TLS connection to the twin, asking for `name`, by way of another `port` if given."""
    return secured(port or twin.tls_port, twin.ca_der, name or twin.host_name)


def secured(port: int, ca_der: bytes, name: str) -> ssl.SSLSocket:
    """A TLS connection in which CA and `name` were verified."""
    context = ssl.create_default_context(cadata=ca_der)
    sock = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
    try:
        return context.wrap_socket(sock, server_hostname=name)
    except OSError:
        sock.close()
        raise
