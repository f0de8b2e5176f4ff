"""Runs in MicroPython: log in over TLS again and again on a heap in pieces; tells what is free.

Arguments: port, CA file, host name, client ID, user name, count. The password comes on stdin.
"""

import gc
import socket
import ssl
import sys

from devcred.mqtt import Client, Seen
from devcred.stream import Stream

port, ca_path, name, client_id, username, count = sys.argv[1:]
password = sys.stdin.readline().strip()

# Where every name is this computer: what DNS would do elsewhere.
_lookup = socket.getaddrinfo
here = lambda host, *rest: _lookup("127.0.0.1", *rest)  # noqa: E731
import devcred.stream  # noqa: E402


class _Socket:
    """The module `socket` with a lookup of ours."""

    SOCK_STREAM = socket.SOCK_STREAM
    socket = socket.socket
    getaddrinfo = staticmethod(here)


devcred.stream.socket = _Socket
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.verify_mode = ssl.CERT_REQUIRED
with open(ca_path, "rb") as file:
    context.load_verify_locations(cadata=file.read())

# Every other block stays: what is free is in pieces of about a kilobyte.
pieces = [bytearray(1000) for _ in range(50)]
for at in range(0, 50, 2):
    pieces[at] = None
gc.collect()
seen = Seen()
free = None
for done in range(1, int(count) + 1):
    stream = Stream(3000, lambda: None, lambda call: call(), context, name)
    client = Client(stream, name, int(port), client_id, username, password, 60, 1000, seen)
    client.set_callback(print)
    client.open(True)
    client.send("devcred/t", "x")
    client.shut()
    client = stream = None
    gc.collect()
    if done == 5:
        free = gc.mem_free()
print("secured and closed", done, "drift", free - gc.mem_free())
