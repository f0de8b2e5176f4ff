"""A byte stream that cannot hang, to lie under umqtt.simple in a socket's place.

The socket below is never blocking: every wait is a poll in short slices, with the watchdog fed between them
and a deadline over the whole. So nothing depends on socket timeouts, which real boards drop at
`setblocking(True)`. What was written leaves in one send, at the next read, `flush` or `close`.

Worst case of any call: `timeout_ms`, or what is left until `limit`, fed every 200 ms; `skip` has `timeout_ms`
for each 8,192 bytes. Not fed: resolving a name (the network stack's own blocking call, which the caller's
`guard` covers) and the arithmetic of a TLS handshake. docs/architecture.md has the table.
"""

import errno
import select
import socket
import time

from micropython import const

from devcred import causes
from devcred.errors import LinkError

_SLICE_MS = const(200)
_IN = const(1)  # select's POLLIN; as the two below, the same on every port
_OUT = const(4)
_GONE = const(8 | 16)  # POLLERR, POLLHUP
_OUT_BYTES = const(512)
_SKIP_BYTES = const(8192)
# 32: EPIPE, which not every port names; negative where TLS hands it on, on an RP2.
_CLOSED_ERRNOS = (errno.ECONNRESET, -errno.ECONNRESET, errno.ENOTCONN, 32)


class Stream:
    """What umqtt takes for a socket, and for the module it comes from."""

    def __init__(self, timeout_ms, feed, guard, tls=None, server_name=None):
        """`feed()` feeds the watchdog; `guard(call)` runs a call that cannot be fed.

        `tls` is an SSLContext, or None for a plain link; `server_name` is verified.
        """
        self._timeout_ms = timeout_ms
        self.feed = feed
        self._guard = guard
        self._tls = tls
        self._server_name = server_name
        self._raw = self._poll = None
        self._blocking = True
        self._out = bytearray(_OUT_BYTES)
        self._out_view = memoryview(self._out)
        self._out_len = 0
        self._limit = None
        self.secured = False
        self.last = b""

    def socket(self, *_kind):
        """As the module `socket` of umqtt, whose one socket this is."""
        return self

    def getaddrinfo(self, host, port, *_hints):
        """As that module: `connect` resolves, under its own deadline and with its own errors."""
        return (((host, port),),)

    def connect(self, address):
        """Reach (host, port); the TLS handshake follows with the first write."""
        family_address = self._resolve(address)
        self._raw = socket.socket(family_address[0], socket.SOCK_STREAM)
        self._raw.setblocking(False)
        self._register(self._raw)
        said = self._ask(family_address[1])
        if said and said != errno.EINPROGRESS:
            raise LinkError(causes.NO_SERVER, said)
        self._await_connected(family_address[1])
        if self._tls is not None:
            self._wrap()

    def read(self, size):
        """Exactly `size` bytes; None at once if not blocking and nothing has come.

        Raises LinkError: CLOSED at the end of the stream, LINK_LOST past the deadline.
        """
        self.flush()
        data = self._receive(size)
        if data is None and not self._blocking:
            return None
        if data is None or len(data) < size:
            data = self._rest(data or b"", size)
        self.last = data
        return data

    def write(self, data, size=None):
        """Take `data` (its first `size` bytes) to be sent; returns the count, as sockets do."""
        view = memoryview(data)[: len(data) if size is None else size]
        count = len(view)
        if self._out_len + count > _OUT_BYTES:
            self.flush()
        if count > _OUT_BYTES:
            self._send(view)
        else:
            self._out_view[self._out_len : self._out_len + count] = view
            self._out_len += count
        return count

    def flush(self):
        """Send what was written; LinkError if it is not taken before the deadline."""
        if self._out_len:
            count, self._out_len = self._out_len, 0
            self._send(self._out_view[:count])

    def skip(self, size):
        """Read `size` bytes and drop them, a little at a time; each 8,192 have a deadline of their own."""
        outer = self._limit
        while size > 0:
            self.feed()
            self._limit = self.deadline()
            part = min(size, _SKIP_BYTES)
            size -= part
            while part > 0:
                part -= len(self.read(min(part, 128)))
        self._limit = outer

    def deadline(self):
        """The tick by which a call that begins now must end."""
        return time.ticks_add(time.ticks_ms(), self._timeout_ms)

    def limit(self, by):
        """Until told otherwise (None), no call waits past the tick `by`, instead of each its own deadline."""
        self._limit = by

    def setblocking(self, flag):
        """Whether `read` waits for its first byte."""
        self._blocking = flag

    def settimeout(self, _seconds):
        """Taken and ignored: this stream's own deadline holds."""

    def close(self, goodbye=b""):
        """Free socket and TLS's memory; never waits. Of what was not sent, `goodbye` alone may go out."""
        raw, self._raw, self._poll = self._raw, None, None
        well = self.secured or self._tls is None
        self._out_len = 0
        self._limit = None
        self.secured = False
        if raw is not None:
            try:
                if goodbye and well:
                    raw.write(goodbye)
            except OSError:
                pass
            raw.close()

    def _resolve(self, address):
        host, port = address
        try:
            # Network stacks resolve in one blocking call; the guard lets the watchdog live through it.
            found = self._guard(lambda: socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))[0]
        except OSError as error:
            raise LinkError(causes.DNS, error.errno)
        except IndexError:
            raise LinkError(causes.DNS, 0)
        return found[0], found[-1]

    def _register(self, pollable):
        self._poll = select.poll()
        self._poll.register(pollable, _IN | _OUT)

    def _ask(self, address):
        try:
            self._raw.connect(address)
        except OSError as error:
            return error.errno

    def _await_connected(self, address):
        deadline = self._deadline()
        while True:
            events = self._wait(deadline, causes.NO_SERVER)
            # Refused and unreachable show as an error or a hang-up beside "writable".
            if events & _GONE:
                raise LinkError(causes.NO_SERVER, events)
            # An RP2 shows as writable what is still connecting; asked to connect again, it tells.
            if events & _IN or self._ask(address) != errno.EALREADY:
                return
            time.sleep_ms(20)

    def _wrap(self):
        try:
            self._raw = self._tls.wrap_socket(
                self._raw, server_hostname=self._server_name, do_handshake_on_connect=False
            )
        except (ValueError, OSError) as error:
            raise LinkError(causes.from_tls(str(error)), type(error).__name__)
        self._register(self._raw)

    def _send(self, view):
        deadline = self._deadline()
        cause = causes.LINK_LOST if self._tls is None or self.secured else causes.TLS
        while view:
            count = self._call("write", view)
            if count:
                view = view[count:]
            else:
                # Mid-handshake it is the server's turn; else the network's.
                self._poll.modify(self._raw, _IN if cause == causes.TLS else _OUT)
                self._wait(deadline, cause)
        self.secured = self._tls is not None

    def _rest(self, data, size):
        deadline = self._deadline()
        parts = bytearray(data)
        self._poll.modify(self._raw, _IN)
        while len(parts) < size:
            # Asked before it is polled: TLS may hold what the socket below no longer shows.
            more = self._receive(size - len(parts))
            if more:
                parts.extend(more)
            else:
                self._wait(deadline, causes.LINK_LOST)
        return bytes(parts)

    def _receive(self, size):
        data = self._call("read", size)
        if data == b"":
            raise LinkError(causes.CLOSED, 0)
        return data

    def _call(self, method, argument):
        if self._raw is None:
            raise LinkError(causes.CLOSED, 0)
        try:
            return getattr(self._raw, method)(argument)
        except OSError as error:
            number, cause = error.errno, causes.LINK_LOST
            if number in _CLOSED_ERRNOS:
                cause = causes.CLOSED
            elif self._tls is not None and not self.secured:
                cause = causes.from_tls(str(error))
            raise LinkError(cause, number)
        except ValueError as error:  # Mbed TLS's verification result
            raise LinkError(causes.from_tls(str(error)), "certificate")

    def _deadline(self):
        return self.deadline() if self._limit is None else self._limit

    def _wait(self, deadline, cause):
        """Until the registered event; its flags. LinkError(`cause`) past the deadline."""
        while True:
            self.feed()
            left = time.ticks_diff(deadline, time.ticks_ms())
            if left <= 0:
                raise LinkError(cause, "timeout")
            for event in self._poll.ipoll(min(left, _SLICE_MS)):
                return event[1]
