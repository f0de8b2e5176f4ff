"""Stands in for the port's `socket`: real sockets, with the board's own DNS and routing in front of them.

getaddrinfo asks the supervisor, which knows where on loopback each name and port leads, and that UDP port 123
of any name leads to its own time server. It gives the only addresses there are, so nothing else can be
reached. Errors are the ports' own: -202 (EAI_FAIL) on ESP32; on RP2 -2 for an unknown name and -6 (ERR_VAL)
without a network. Left out: the boards' other socket layer (an address here is opaque, not a tuple; limits on
open sockets; timeouts that setblocking changes) and a memory of names.
"""

import network
import usocket
import vboard_air
from usocket import AF_INET, AF_INET6, SO_BROADCAST, SO_REUSEADDR, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET, socket
from vboard_link import IS_ESP32

IPPROTO_IP = 0
IPPROTO_TCP = 6
TCP_NODELAY = 1

_NTP_PORT = 123
_UNKNOWN_NAME = -202 if IS_ESP32 else -2
_NO_NETWORK = -202 if IS_ESP32 else -6


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    if not network.is_up():
        raise OSError(_NO_NETWORK)
    name = "%s:%d" % (host, port)
    route = (
        [] if "\n" in name else vboard_air.ask(name, type == SOCK_DGRAM or (type == 0 and port == _NTP_PORT))
    )
    if not route:
        raise OSError(_UNKNOWN_NAME)
    address = usocket.getaddrinfo(route[0].decode(), int(route[1]))[0][-1]
    return [(AF_INET, type or (SOCK_DGRAM if port == _NTP_PORT else SOCK_STREAM), 0, "", address)]
