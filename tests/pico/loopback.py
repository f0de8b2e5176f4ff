"""Locks a process in: from then on no socket of it reaches beyond this computer, whatever library asks."""

import ipaddress
import sys
from collections.abc import Callable

_OUTWARD = ("socket.connect", "socket.sendto", "socket.sendmsg")
_NAMES = ("socket.getaddrinfo", "socket.gethostbyname")


def lock_in(tell: Callable[[str], None]) -> None:
    """There is no way back. Each address that a socket is sent to is told; one beyond loopback is refused."""

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in _OUTWARD and isinstance(arguments[1], tuple):
            host, port = arguments[1][:2]
            tell(f"{host}:{port}")
            _check(host)
        elif event in _NAMES:
            _check(arguments[0])

    sys.addaudithook(watch)


def _check(host: object) -> None:
    try:
        if ipaddress.ip_address(str(host)).is_loopback:
            return
    except ValueError:  # a name, which somebody outside would have to resolve
        pass
    raise PermissionError(f"{host} is not this computer")
