"""Stands in for the port's `socket`: real sockets, with the board's own DNS and routing in front of them.

getaddrinfo knows the names and ports the supervisor passed, each of which leads to a port on loopback, and
UDP port 123 of any name, which leads to the supervisor's time server. It gives the only addresses there are,
so nothing else can be reached. Errors are the ports' own: -202 (EAI_FAIL) on ESP32; on RP2 -2 for an unknown
name and -6 (ERR_VAL) without a network. Left out: the boards' other socket layer (an address here is opaque,
not a tuple; limits on open sockets; timeouts that setblocking changes).
"""

import network
import usocket
from usocket import AF_INET, AF_INET6, SO_BROADCAST, SO_REUSEADDR, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET, socket
from vboard_link import IS_ESP32, setup

IPPROTO_IP = 0
IPPROTO_TCP = 6
TCP_NODELAY = 1

_NTP_PORT = 123
_UNKNOWN_NAME = -202 if IS_ESP32 else -2
_NO_NETWORK = -202 if IS_ESP32 else -6
_routes = setup["resolve"]


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    if not network.is_up():
        raise OSError(_NO_NETWORK)
    route = _routes.get("%s:%d" % (host, port))
    if route is None and port == _NTP_PORT and type in (0, SOCK_DGRAM):
        route = ("127.0.0.1", setup["sntp_port"])
        type = SOCK_DGRAM
    if route is None:
        raise OSError(_UNKNOWN_NAME)
    address = usocket.getaddrinfo(route[0], route[1])[0][-1]
    return [(AF_INET, type or SOCK_STREAM, 0, "", address)]
