"""The bounded stream over real sockets, in the real MicroPython, with a peer that misbehaves."""

import io
import socket
import time
import unittest

from devcred import causes, stream
from devcred.stream import Stream
from peer import CLOSE, HOST, Peer, cause_of, guard

DEADLINE_MS = 150
# Slack for a busy machine; a hang would be many times longer.
SLACK_MS = 2000


class BoardSocket(io.IOBase):
    """A real socket, of which setblocking(True) drops the timeout, as it does on the boards."""

    blocked = False

    def __init__(self, *kind):
        self._link = socket.socket(*kind)

    def setblocking(self, flag):
        BoardSocket.blocked = BoardSocket.blocked or flag
        if flag:
            self._link.settimeout(None)
        else:
            self._link.setblocking(False)

    def settimeout(self, seconds):
        self._link.settimeout(seconds)

    def connect(self, address):
        self._link.connect(address)

    def read(self, size):
        return self._link.read(size)

    def write(self, data):
        return self._link.write(data)

    def ioctl(self, request, argument):
        return self._link.fileno() if request == 10 else 0  # MP_STREAM_GET_FILENO, for poll

    def close(self):
        self._link.close()


class BoardSockets:
    """The module `socket` of such a board."""

    SOCK_STREAM = socket.SOCK_STREAM
    getaddrinfo = staticmethod(socket.getaddrinfo)
    socket = BoardSocket


class TestStream(unittest.TestCase):
    def start(self, *script):
        self.peer = Peer(script)
        self.stream = Stream(DEADLINE_MS, self.peer.feed, guard)
        self.stream.connect((HOST, self.peer.port))

    def tearDown(self):
        if getattr(self, "peer", None):
            self.stream.close()
            self.peer.stop()

    def timed(self, call, *arguments):
        started_ms = time.ticks_ms()
        cause = cause_of(call, *arguments)
        return cause, time.ticks_diff(time.ticks_ms(), started_ms)

    def test_read_waits_for_all_of_it(self):
        self.start((0, b"ab"), (0, b"c"), (0, b"def"))
        self.assertEqual(self.stream.read(4), b"abcd")
        self.assertEqual(self.stream.read(2), b"ef")

    def test_end_of_stream_is_an_error(self):
        self.start((0, b"ab"), (0, CLOSE))
        self.assertEqual(cause_of(self.stream.read, 4), causes.CLOSED)

    def test_mute_peer_meets_the_deadline(self):
        self.start()
        cause, taken_ms = self.timed(self.stream.read, 1)
        self.assertEqual(cause, causes.LINK_LOST)
        self.assertTrue(DEADLINE_MS <= taken_ms < DEADLINE_MS + SLACK_MS)

    def test_deadline_outlives_setblocking_and_settimeout(self):
        self.start()
        self.stream.settimeout(None)
        self.stream.setblocking(True)
        cause, taken_ms = self.timed(self.stream.read, 1)
        self.assertEqual(cause, causes.LINK_LOST)
        self.assertTrue(taken_ms < DEADLINE_MS + SLACK_MS)

    def test_a_board_whose_setblocking_drops_the_timeout(self):
        stream.socket = BoardSockets
        try:
            self.start((5, b"!"))
            self.stream.settimeout(1)
            self.stream.setblocking(True)
            self.stream.write(b"hello")
            self.assertEqual(self.stream.read(1), b"!")
            cause, taken_ms = self.timed(self.stream.read, 1)
        finally:
            stream.socket = socket
        self.assertEqual(cause, causes.LINK_LOST)
        self.assertTrue(DEADLINE_MS <= taken_ms < DEADLINE_MS + SLACK_MS)
        self.assertFalse(BoardSocket.blocked)

    def test_watchdog_is_fed_while_waiting(self):
        self.start()
        self.stream._timeout_ms = 700
        before = self.peer.feeds
        cause_of(self.stream.read, 1)
        self.assertTrue(self.peer.feeds - before >= 3)

    def test_not_blocking_returns_none_at_once(self):
        self.start()
        self.stream.setblocking(False)
        started_ms = time.ticks_ms()
        self.assertEqual(self.stream.read(1), None)
        self.assertTrue(time.ticks_diff(time.ticks_ms(), started_ms) < DEADLINE_MS)

    def test_small_writes_leave_together(self):
        self.start((0, b""))
        self.stream.write(b"one ")
        self.stream.write(bytearray(b"two three"), 3)
        self.peer.feed()
        self.assertEqual(self.peer.received, b"")
        self.stream.flush()
        self.peer.feed()
        self.assertEqual(self.peer.received, b"one two")

    def test_what_was_written_leaves_before_a_read_waits(self):
        self.start((5, b"!"))
        self.stream.write(b"hello")
        self.assertEqual(self.stream.read(1), b"!")

    def test_write_larger_than_the_buffer_keeps_its_order(self):
        self.start((4 + 5000, b"."))
        self.stream.write(b"head")
        self.stream.write(b"x" * 5000)
        self.assertEqual(self.stream.read(1), b".")
        self.assertEqual(self.peer.received, b"head" + b"x" * 5000)

    def test_peer_that_never_reads_meets_the_deadline(self):
        self.peer = Peer()
        # Never driven, so it accepts in the kernel only and reads nothing.
        self.stream = Stream(DEADLINE_MS, lambda: None, guard)
        self.stream.connect((HOST, self.peer.port))
        block = bytes(16384)

        def pour():
            for _ in range(2000):
                self.stream.write(block)

        cause, _ = self.timed(pour)
        self.assertEqual(cause, causes.LINK_LOST)

    def test_refused_connection_is_no_server(self):
        self.start()
        self.peer.stop()
        other = Stream(DEADLINE_MS, lambda: None, guard)
        self.assertEqual(cause_of(other.connect, (HOST, self.peer.port)), causes.NO_SERVER)
        other.close()

    def test_unknown_name_is_dns(self):
        other = Stream(DEADLINE_MS, lambda: None, guard)
        self.assertEqual(cause_of(other.connect, ("no-such-host.invalid", 1883)), causes.DNS)

    def test_closed_stream_says_so(self):
        self.start()
        self.stream.close()
        self.assertEqual(cause_of(self.stream.read, 1), causes.CLOSED)
        self.stream.write(b"x")
        self.assertEqual(cause_of(self.stream.flush), causes.CLOSED)

    def test_skip_drops_exactly_that_much(self):
        self.start((0, b"x" * 1000 + b"y"))
        self.stream.skip(1000)
        self.assertEqual(self.stream.read(1), b"y")
