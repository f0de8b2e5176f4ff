"""Every call of the agent that can block, with a peer that stalls right there: bounded, named, and fed.

The rows of "What can block" in docs/architecture.md name these tests.
"""

import socket
import time
import unittest

from devcred import appserver, causes, clock
from devcred.mqtt import Client, Seen
from devcred.stream import Stream
from peer import CONNACK_OK, HOST, Peer, cause_of, guard
from tls_peer import TlsPeer, client_context

DEADLINE_MS = 700
# Slack of a busy machine. A call that hangs takes longer, and one that is not fed does as well.
SLACK_MS = 2000
UNFED_MS = 600
CONNECT_BYTES = 31
RECEIVE_MAX_BYTES = 64
# A message of QoS 1 on "a/b" with its packet id and payload: every field there is.
MESSAGE = b"\x32\x09\x00\x03a/b\x00\x07hi"
CHALLENGE = b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"nonce": "n.n"}'


class Clocked:
    """The watchdog's side: when it was fed, beside the peer's own turn, and how long it was not."""

    def __init__(self, turn):
        self._turn = turn
        self._last_ms = None
        self.longest_ms = 0

    def feed(self):
        now_ms = time.ticks_ms()
        if self._last_ms is not None:
            self.longest_ms = max(self.longest_ms, time.ticks_diff(now_ms, self._last_ms))
        self._last_ms = now_ms
        self._turn()


class Drip:
    """A peer that says one byte of `more` every `every_ms`."""

    def __init__(self, peer, more, every_ms):
        self._peer = peer
        self._more = more
        self._every_ms = every_ms
        self._due_ms = time.ticks_ms()

    def turn(self):
        self._peer.feed()
        if self._more and time.ticks_diff(time.ticks_ms(), self._due_ms) >= 0:
            self._due_ms = time.ticks_add(time.ticks_ms(), self._every_ms)
            self._peer.say(self._more[:1])
            self._more = self._more[1:]


class TestBlocking(unittest.TestCase):
    def start(self, *script, deadline_ms=DEADLINE_MS, tls=None, peer=None, keepalive_s=60):
        self.peer = peer or Peer(script)
        self.clocked = Clocked(self.peer.feed)
        self.stream = Stream(deadline_ms, self.clocked.feed, guard, tls, "t" if tls else None)
        self.client = Client(
            self.stream, HOST, self.peer.port, "GID_t@@@d", "us", "pw", keepalive_s, RECEIVE_MAX_BYTES, Seen()
        )
        self.client.set_callback(lambda topic, payload: None)
        return self.client

    def logged_in(self, *script, **how):
        client = self.start((CONNECT_BYTES, CONNACK_OK), *script, **how)
        client.open(True)
        return client

    def tearDown(self):
        self.client.shut()
        self.peer.stop()

    def drip(self, more, every_ms=100):
        self.clocked = Clocked(Drip(self.peer, more, every_ms).turn)
        self.stream.feed = self.clocked.feed

    def check(self, cause, call, *arguments, most_ms=DEADLINE_MS):
        """It ends by its bound, with this cause, and the watchdog was fed all the while."""
        self.clocked.feed()
        self.clocked.longest_ms = 0
        started_ms = time.ticks_ms()
        found = cause_of(call, *arguments)
        taken_ms = time.ticks_diff(time.ticks_ms(), started_ms)
        self.clocked.feed()
        self.assertEqual(found, cause)
        self.assertTrue(taken_ms < most_ms + SLACK_MS, taken_ms)
        self.assertTrue(self.clocked.longest_ms < UNFED_MS, self.clocked.longest_ms)

    def ask(self):
        """The application server, which the peer stands for."""
        settings = {"token_host": HOST, "token_port": self.peer.port, "client_id": "GID_tok@@@d"}
        settings["connect_timeout_ms"] = DEADLINE_MS
        appserver.ask(settings, None, self, b"k" * 43, "tokens")

    def feed(self):
        self.clocked.feed()

    guard = staticmethod(guard)

    def test_token_server(self):
        self.start((1, CHALLENGE))
        self.check(causes.LINK_LOST, self.ask, most_ms=5 * DEADLINE_MS)

    def test_token_server_byte_by_byte(self):
        self.start((1, b"H"))
        peer, drip = self.peer, []

        def turn():
            peer.feed()
            if peer.received and not drip:
                drip.append(Drip(peer, CHALLENGE[1:] * 9, 100))
            for each in drip:
                each.turn()

        self.clocked = Clocked(turn)
        self.check(causes.LINK_LOST, self.ask, most_ms=5 * DEADLINE_MS)

    def test_connect(self):
        client = self.start()
        # A listener whose queue is full lets a connection's first packet go by.
        address = socket.getaddrinfo(HOST, self.peer.port)[0][-1]
        waiting = [socket.socket() for _ in range(4)]
        for link in waiting:
            link.setblocking(False)
            try:
                link.connect(address)
            except OSError:
                pass  # EINPROGRESS
        self.clocked._turn = lambda: None
        self.check(causes.NO_SERVER, client.open, True)
        for link in waiting:
            link.close()

    def test_handshake(self):
        self.check(causes.TLS, self.start(tls=client_context()).open, True)

    def test_handshake_byte_by_byte(self):
        client = self.start(tls=client_context())
        self.stream.connect((HOST, self.peer.port))
        while self.peer._link is None:
            self.peer.feed()
        # The head of a handshake record of 16 KB, and some of it.
        self.drip(b"\x16\x03\x03\x40\x00\x02\x00\x00\x4d" + bytes(100))
        self.stream.write(b"x")
        self.check(causes.TLS, self.stream.flush)
        client.shut()

    def test_connack(self):
        self.check(causes.LINK_LOST, self.start().open, True)

    def test_connack_byte_by_byte(self):
        client = self.start((CONNECT_BYTES, b"\x20\x02"))
        self.check(causes.LINK_LOST, client.open, True)

    def test_suback(self):
        self.check(causes.LINK_LOST, self.logged_in().listen, "a/b")

    def test_puback(self):
        self.check(causes.LINK_LOST, self.logged_in().send, "a/b", "hi")

    def test_puback_half(self):
        client = self.logged_in((11, b"\x40\x02\x00"))
        self.check(causes.LINK_LOST, client.send, "a/b", "hi")

    def test_puback_of_a_server_that_talks_of_other_things(self):
        client = self.logged_in()
        self.clocked = Clocked(lambda: self.peer.say(b"\xd0\x00" * 8))
        self.stream.feed = self.clocked.feed
        self.check(causes.LINK_LOST, client.send, "a/b", "hi")

    def pour(self):
        block = bytes(16384)
        for _ in range(2000):
            self.client.send("a/b", block, 0)

    def test_publish_window_full(self):
        self.logged_in()
        self.peer._take = lambda: None
        self.check(causes.LINK_LOST, self.pour, most_ms=DEADLINE_MS + SLACK_MS)

    def test_publish_window_full_tls(self):
        client = self.start(peer=TlsPeer(), tls=client_context())
        self.stream.connect((HOST, self.peer.port))
        client.sock = self.stream
        self.stream.write(b"first")
        self.stream.flush()
        self.assertTrue(client.secured)
        self.check(causes.LINK_LOST, self.pour, most_ms=DEADLINE_MS + SLACK_MS)
        self.close_in_no_time()

    def close_in_no_time(self):
        started_ms = time.ticks_ms()
        self.client.shut()
        self.assertTrue(time.ticks_diff(time.ticks_ms(), started_ms) < DEADLINE_MS)

    def test_close(self):
        self.logged_in()
        self.peer._take = lambda: None
        cause_of(self.pour)
        self.close_in_no_time()

    def test_packet_at_every_byte(self):
        for count in range(1, len(MESSAGE)):
            self.logged_in(deadline_ms=100)
            self.peer.say(MESSAGE[:count])
            self.peer.feed()
            time.sleep_ms(5)
            self.check(causes.LINK_LOST, self.client.check_msg, most_ms=100)
            self.tearDown()

    def test_packet_byte_by_byte(self):
        self.logged_in()
        # No field takes too long, but all of them together do.
        self.drip(b"\x32\x08\x00\x02ab\x00\x07hi", 150)
        self.clocked.feed()
        time.sleep_ms(5)
        self.check(causes.LINK_LOST, self.client.check_msg)

    def test_oversize_byte_by_byte(self):
        self.logged_in()
        self.peer.say(b"\x32\xa0\x9c\x01\x00\x03a/b\x00\x07")  # 20,000 bytes
        time.sleep_ms(5)
        self.drip(bytes(100), 100)
        self.check(causes.LINK_LOST, self.client.check_msg, most_ms=3 * DEADLINE_MS)

    def test_pingresp(self):
        client = self.logged_in(keepalive_s=1)

        def serve():
            while True:
                client.check_msg()
                client.keep_alive()
                time.sleep_ms(20)

        self.check(causes.LINK_LOST, serve, most_ms=1000)

    def test_sntp(self):
        self.start()
        mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mute.bind(socket.getaddrinfo(HOST, self.peer.port)[0][-1])
        started_ms = time.ticks_ms()
        with self.assertRaises(OSError):
            clock.ask(HOST, guard, self.peer.port)
        taken_ms = time.ticks_diff(time.ticks_ms(), started_ms)
        self.assertTrue(taken_ms < 1500 + SLACK_MS, taken_ms)
        mute.close()
