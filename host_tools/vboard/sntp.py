"""The time server of a virtual board's network: SNTP (RFC 4330) on loopback, telling this computer's time, or
something else when it is told to.
"""

import socket
import struct
import time
from collections.abc import Callable

from host_tools.errors import UsageError

ANSWERS = ("right", "silent", "kiss-of-death", "not-set", "forged", "garbage", "short")
"""Not at all; stratum 0, "go away"; leap 3, its own clock is not set; somebody else's packet, which does not
carry the request's transmit time; 48 bytes of no meaning; half of a right one."""

_UNIX_TO_NTP_S = 2_208_988_800
_ERA_S = 1 << 32
_PACKET_BYTES = 48
_VERSION_4_SERVER = 0x24
_NOT_SET = 0xC0
_CLIENT_MODE = 3


def check_time(*, skew_s: object = 0, how: object = "right") -> None:
    """UsageError if a time server cannot be off so far, or cannot answer so."""
    if not isinstance(skew_s, int) or abs(skew_s) >= _ERA_S:
        raise UsageError(
            f"skew_s={skew_s!r} is no whole number below 2**32",
            where="vboard network",
            do="give seconds",
        )
    if how not in ANSWERS:
        raise UsageError(
            f"how={how!r} is no answer", where="vboard network", do=f"it is one of {', '.join(ANSWERS)}"
        )


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

    def answer(self, how: str = "right", skew_s: int = 0) -> None:
        """Answers one request, see ANSWERS; anything else is dropped, as a server does."""
        try:
            request, sender = self._socket.recvfrom(512)
        except BlockingIOError:
            return
        if how != "silent" and len(request) >= _PACKET_BYTES and request[0] & 7 == _CLIENT_MODE:
            self._socket.sendto(reply(request, self._clock() + skew_s, how), sender)

    def close(self) -> None:
        self._socket.close()


def reply(request: bytes, now_s: float, how: str = "right") -> bytes:
    """A stratum 1 answer; the request's transmit time comes back as originate time (RFC 4330, 5)."""
    if how == "garbage":
        return bytes(range(_PACKET_BYTES))
    first = _VERSION_4_SERVER | (_NOT_SET if how == "not-set" else 0)
    stratum, reference = (0, b"DENY") if how == "kiss-of-death" else (1, b"LOCL")
    asked = bytes(each ^ 0xFF for each in request[40:48]) if how == "forged" else request[40:48]
    now = _timestamp(now_s)
    head = struct.pack("!BBBb", first, stratum, request[2], -20)
    packet = head + bytes(8) + reference + now + asked + now + now
    return packet[: _PACKET_BYTES // 2] if how == "short" else packet


def _timestamp(unix_s: float) -> bytes:
    seconds = int(unix_s // 1)
    return struct.pack("!II", (seconds + _UNIX_TO_NTP_S) & 0xFFFFFFFF, int((unix_s - seconds) * 2**32))
