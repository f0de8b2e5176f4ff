"""Stands in for the port's `socket`: real sockets, with the board's own DNS and routing in front of them.

getaddrinfo asks the supervisor, which knows where on loopback each name and port leads, and that UDP port
123 of any name leads to its own time server. Nothing but the addresses that it gave can be reached. Errors
are the ports' own: -202 (EAI_FAIL) on ESP32; on RP2 -2 for an unknown name and -6 (ERR_VAL) without a
network, and lwIP's for what befalls a connection. As on boards, setblocking takes an earlier settimeout back.
Left out: limits on open sockets, addresses in what bind, accept and recvfrom take and give, an ESP32's own
errors of connections, and a memory of names.
"""

import network
import uselect
import usocket
import vboard_air
from usocket import AF_INET, AF_INET6, SO_BROADCAST, SO_REUSEADDR, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET
from usocket import socket as _socket
from vboard_link import IS_ESP32

IPPROTO_IP = 0
IPPROTO_TCP = 6
TCP_NODELAY = 1

_NTP_PORT = 123
_UNKNOWN_NAME = -202 if IS_ESP32 else -2
_NO_NETWORK = -202 if IS_ESP32 else -6


_ECONNRESET, _EISCONN, _ENOTCONN, _EALREADY, _EINPROGRESS = 104, 106, 107, 114, 115
# The unix port's EPIPE, ETIMEDOUT and ECONNREFUSED, and what an RP2 says there.
_EPIPE, _EHOSTUNREACH = 32, 113
_OF_CONNECT = {} if IS_ESP32 else {110: 115, 111: _ECONNRESET}
_RESET = (_EPIPE, _ECONNRESET, 111)

_given = {}  # (address, port) to what the interpreter's own sockets take


class socket:
    """The real one, but for what boards do otherwise; `real` has the real one for poll and TLS."""

    def __init__(self, *kind):
        self.real = _socket(*kind)
        self.is_reset = False
        self._tried = self._connecting = False

    def __getattr__(self, name):
        return getattr(self.real, name)

    def setblocking(self, flag):
        self.real.settimeout(None if flag else 0)

    def connect(self, address):
        if self._tried and not IS_ESP32:
            raise OSError(_EALREADY if self.is_connecting() or self.is_reset else _EISCONN)
        self._tried = True
        try:
            self.real.connect(_reachable(address))
        except OSError as error:
            self._connecting = not IS_ESP32 and error.errno == _EINPROGRESS
            raise OSError(_OF_CONNECT.get(error.errno, error.errno))

    def is_connecting(self):
        """Whether an RP2's connect is still under way."""
        if self._connecting:
            found = uselect.poll()
            found.register(self.real, uselect.POLLOUT)
            shown = found.poll(0)
            self._connecting = not shown
            self.is_reset = bool(shown and shown[0][1] & uselect.POLLERR)
        return self._connecting

    def sendto(self, data, address):
        return self.real.sendto(data, _reachable(address))

    def as_lwip(self, number):
        """lwIP's number for an error of the unix port's; a connection that was reset stays so."""
        if self._tried and number in _RESET:
            self.is_reset = True
            return _ECONNRESET
        return _ENOTCONN if number == _EPIPE else number


def _translated(name):
    def call(self, *arguments):
        if self.is_reset:
            raise OSError(_ECONNRESET)
        try:
            return getattr(self.real, name)(*arguments)
        except OSError as error:
            raise OSError(self.as_lwip(error.errno))

    return call


if not IS_ESP32:
    for _name in ("read", "readinto", "readline", "recv", "write", "send"):
        setattr(socket, _name, _translated(_name))


def real(stream):
    """What the interpreter's own modules take for `stream`."""
    return getattr(stream, "real", stream)


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    if not network.is_up():
        raise OSError(_NO_NETWORK)
    name = "%s:%d" % (host, port)
    route = (
        [] if "\n" in name else vboard_air.ask(name, type == SOCK_DGRAM or (type == 0 and port == _NTP_PORT))
    )
    if not route:
        raise OSError(_UNKNOWN_NAME)
    address = (route[0].decode(), int(route[1]))
    _given[address] = usocket.getaddrinfo(*address)[0][-1]
    return [(AF_INET, type or (SOCK_DGRAM if port == _NTP_PORT else SOCK_STREAM), 0, "", address)]


def _reachable(address):
    if address not in _given:
        raise OSError(_EHOSTUNREACH)
    return _given[address]
