"""A scripted server on loopback, driven by the stream's own `feed` calls: no threads.

It speaks only what the test wrote; what it leaves out is everything else of a broker.
"""

import os
import select
import socket

from devcred.errors import LinkError

HOST = "127.0.0.1"
CONNACK_OK = b"\x20\x02\x00\x00"
# Ends a script: the connection is closed there.
CLOSE = None


class Peer:
    """`script`: pairs (bytes to have received since the last step, bytes to send, or CLOSE)."""

    def __init__(self, script=()):
        self._listener, self.port = _listening()
        self._script = list(script)
        self._link = None
        self._seen = 0
        self.received = b""
        self.feeds = 0

    def feed(self):
        """One step of the peer's life; given to the stream as the watchdog's feeding."""
        self.feeds += 1
        if self._link is None:
            if not _readable(self._listener):
                return
            self._link = self._listener.accept()[0]
            self._link.setblocking(False)
        self._take()
        while self._script and self._link and len(self.received) - self._seen >= self._script[0][0]:
            count, answer = self._script.pop(0)
            self._seen += count
            if answer is CLOSE:
                self._link.close()
                self._link = None
                self._script = []
            else:
                self._link.write(answer)

    def say(self, answer):
        """Send now, whatever the script says; to nobody, if the other side has gone."""
        if self._link:
            self._link.write(answer)

    def _take(self):
        try:
            while data := self._link.read(2048):
                self.received += data
        except OSError:
            # Closed with bytes unread, which is a reset to us.
            self._link.close()
            self._link = None
            self._script = []

    def stop(self):
        if self._link:
            self._link.close()
        self._listener.close()


def guard(call):
    return call()


def cause_of(call, *arguments):
    """The cause in the LinkError that the call raises; None if it raises nothing."""
    try:
        call(*arguments)
    except LinkError as error:
        return error.cause
    return None


def _readable(pollable):
    poll = select.poll()
    poll.register(pollable, select.POLLIN)
    return bool(poll.poll(0))


def _listening():
    # MicroPython has no getsockname, so a port cannot be left to the system.
    while True:
        port = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
        listener = socket.socket()
        try:
            listener.bind(socket.getaddrinfo(HOST, port)[0][-1])
        except OSError:
            listener.close()
            continue
        listener.listen(1)
        return listener, port
