"""Wall time for certificates: the build date as a floor, then SNTP (RFC 4330).

A board without a battery wakes in 2000, 2015 or 2021. Below the floor the clock is set to
the floor at once, so that a certificate can be verified even where no time server answers;
verification is never skipped.
"""

import os
import select
import socket
import struct
import time

from micropython import const

# The day this file was last released, 2026-11-24T00:00:00Z, in seconds since 1970.
FLOOR_S = const(1795478400)

_NTP_1970_S = const(2208988800)
_ERA_S = const(0x100000000)
_PACKET_BYTES = const(48)
_TIMEOUT_MS = const(1500)
_TRIES = const(2)


def ensure(board, host, feed):
    """Set the board's clock; returns how: "kept" (a floor already passed), "sntp" or "floor".

    Worst case: the name's resolution, then two tries of 1.5 s, the watchdog fed between.
    """
    unix_s = None
    for _ in range(_TRIES):
        feed()
        try:
            unix_s = ask(host, board.guard)
        except OSError:
            continue
        if unix_s is not None and unix_s >= FLOOR_S:
            board.set_time(unix_s)
            return "sntp"
    if board.now_s() >= FLOOR_S:
        return "kept"
    board.set_time(FLOOR_S)
    return "floor"


def answers(board, host):
    """Whether a time server does: a sign that the network is well."""
    try:
        return ask(host, board.guard) is not None
    except OSError:
        return False


def ask(host, guard, port=123):
    """Seconds since 1970 from one SNTP exchange; None if the answer is not to be trusted.

    Raises OSError when no answer came in time.
    """
    address = guard(lambda: socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM))[0]
    link = socket.socket(address[0], socket.SOCK_DGRAM)
    try:
        link.setblocking(False)
        # Our transmit time is a random number: the answer must carry it, so a stray or a
        # forged packet from off the path does not set the clock.
        nonce = os.urandom(8)
        link.sendto(b"\x23" + bytes(39) + nonce, address[-1])
        poll = select.poll()
        poll.register(link, select.POLLIN)
        if not poll.poll(_TIMEOUT_MS):
            raise OSError(110)
        return decode(link.recv(_PACKET_BYTES), nonce)
    finally:
        link.close()


def decode(packet, nonce):
    """Seconds since 1970 in a server's packet, or None (RFC 4330 section 5's checks)."""
    if len(packet) < _PACKET_BYTES or packet[24:32] != nonce:
        return None
    leap, mode, stratum = packet[0] >> 6, packet[0] & 7, packet[1]
    # Stratum 0 is a server's "go away"; leap 3 says that its own clock is not set.
    if mode != 4 or not 0 < stratum < 16 or leap == 3:
        return None
    seconds = struct.unpack(">I", packet[40:44])[0]
    if seconds < 0x80000000:
        seconds += _ERA_S  # era 1 begins in 2036
    return seconds - _NTP_1970_S


def fields(unix_s):
    """(year, month, day, weekday, hours, minutes, seconds, 0) as `machine.RTC.datetime` takes it."""
    # The board's own gmtime counts from 2000 on some ports and from 1970 on others.
    t = time.gmtime(unix_s - epoch_s())
    return (t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0)


def epoch_s():
    """Seconds from 1970 to the board's own epoch: 0 or 946,684,800."""
    return 946684800 if time.gmtime(0)[0] == 2000 else 0
