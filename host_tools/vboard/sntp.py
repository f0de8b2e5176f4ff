"""The time server of a virtual board's network: SNTP (RFC 4330) on loopback, telling this computer's time."""

import socket
import struct
import time
from collections.abc import Callable

_UNIX_TO_NTP_S = 2_208_988_800
_PACKET_BYTES = 48
_LEAP_NONE_VERSION_4_SERVER = 0x24
_CLIENT_MODE = 3


class SntpResponder:
    """One non-blocking UDP socket; answer() is called when it is readable. clock: Unix time in seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]

    def fileno(self) -> int:
        return self._socket.fileno()

    def answer(self, *, silent: bool = False) -> None:
        """Answers one request; anything else is dropped, as a server does, and all of it while silent."""
        try:
            request, sender = self._socket.recvfrom(512)
        except BlockingIOError:
            return
        if not silent and len(request) >= _PACKET_BYTES and request[0] & 7 == _CLIENT_MODE:
            self._socket.sendto(reply(request, self._clock()), sender)

    def close(self) -> None:
        self._socket.close()


def reply(request: bytes, now_s: float) -> bytes:
    """A stratum 1 answer; the request's transmit time comes back as originate time (RFC 4330, 5)."""
    now = _timestamp(now_s)
    head = struct.pack("!BBbb", _LEAP_NONE_VERSION_4_SERVER, 1, request[2], -20)
    return head + bytes(8) + b"LOCL" + now + request[40:48] + now + now


def _timestamp(unix_s: float) -> bytes:
    seconds = int(unix_s)
    return struct.pack("!II", (seconds + _UNIX_TO_NTP_S) & 0xFFFFFFFF, int((unix_s - seconds) * 2**32))
