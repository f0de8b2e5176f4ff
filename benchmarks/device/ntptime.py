"""What the firmware freezes under this name, as far as the short script needs it."""

import socket
import struct
import time

import machine

host = "pool.ntp.org"
_1970_S = 2208988800


def settime():
    """Set the board's clock."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        link.sendto(b"\x1b" + bytes(47), socket.getaddrinfo(host, 123)[0][-1])
        packet = link.recv(48)
    finally:
        link.close()
    epoch_s = 946684800 if time.gmtime(0)[0] == 2000 else 0
    t = time.gmtime(struct.unpack("!I", packet[40:44])[0] - _1970_S - epoch_s)
    machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))
