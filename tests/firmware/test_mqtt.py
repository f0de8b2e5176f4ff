"""The client against a scripted broker: what umqtt.simple gets wrong, put right."""

import time
import unittest

from devcred import causes
from devcred.errors import LinkError
from devcred.mqtt import Client, Seen
from devcred.stream import Stream
from peer import CLOSE, CONNACK_OK, HOST, Peer, cause_of, guard

CLIENT_ID = "GID_t@@@d"
CONNECT = b"\x10\x1d\x00\x04MQTT\x04\xc2\x00\x3c\x00\x09GID_t@@@d\x00\x02us\x00\x02pw"
PUBLISH_BYTES = 2 + 2 + 3 + 2 + 2  # of topic "a/b", a packet id and payload "hi"
DEADLINE_MS = 300
RECEIVE_MAX_BYTES = 64


class TestClient(unittest.TestCase):
    def start(self, *script):
        self.peer = Peer(script)
        self.got = []
        stream = Stream(DEADLINE_MS, self.peer.feed, guard)
        self.client = Client(
            stream, HOST, self.peer.port, CLIENT_ID, "us", "pw", 60, RECEIVE_MAX_BYTES, Seen()
        )
        self.client.set_callback(lambda topic, payload: self.got.append((topic, payload)))
        return self.client

    def logged_in(self, *script):
        client = self.start((len(CONNECT), CONNACK_OK), *script)
        client.open(True)
        return client

    def tearDown(self):
        self.client.shut()
        self.peer.stop()

    def poll(self, times=20):
        for _ in range(times):
            self.peer.feed()
            self.client.check_msg()
            time.sleep_ms(5)  # the peer's small sends may be held back until acknowledged

    def test_connect_packet_is_exact(self):
        self.logged_in()
        self.assertEqual(self.peer.received, CONNECT)

    def test_session_present_is_told(self):
        self.assertEqual(self.start((len(CONNECT), b"\x20\x02\x01\x00")).open(False), True)

    def refused(self, code):
        return cause_of(self.start((len(CONNECT), b"\x20\x02\x00" + bytes([code]))).open, True)

    def test_connack_5_is_a_refused_credential(self):
        self.assertEqual(self.refused(5), causes.REFUSED)

    def test_connack_4_is_a_refused_credential(self):
        self.assertEqual(self.refused(4), causes.REFUSED)

    def test_connack_3_is_a_busy_server(self):
        self.assertEqual(self.refused(3), causes.SERVER_BUSY)

    def test_connack_2_is_a_bad_client_id(self):
        self.assertEqual(self.refused(2), causes.BAD_CLIENT_ID)

    def test_connack_of_no_meaning_is_protocol(self):
        self.assertEqual(self.refused(77), causes.PROTOCOL)

    def test_close_before_connack_is_closed(self):
        self.assertEqual(cause_of(self.start((len(CONNECT), CLOSE)).open, True), causes.CLOSED)

    def test_half_a_connack_is_closed(self):
        client = self.start((len(CONNECT), b"\x20\x02"), (0, CLOSE))
        self.assertEqual(cause_of(client.open, True), causes.CLOSED)

    def test_another_packet_for_a_connack_is_protocol(self):
        self.assertEqual(
            cause_of(self.start((len(CONNECT), b"\x40\x02\x00\x05")).open, True), causes.PROTOCOL
        )

    def test_no_connack_meets_the_deadline(self):
        self.assertEqual(cause_of(self.start().open, True), causes.LINK_LOST)

    def test_publish_returns_when_acknowledged(self):
        client = self.logged_in((PUBLISH_BYTES, b"\x40\x02\x00\x01"))
        client.send("a/b", "hi")
        self.assertEqual(self.peer.received[len(CONNECT) :], b"\x32\x09\x00\x03a/b\x00\x01hi")

    def test_stray_acknowledgements_stay_in_step(self):
        stray = b"\x40\x02\x00\x63" + b"\x90\x03\x00\x09\x01"
        client = self.logged_in((PUBLISH_BYTES, stray + b"\x40\x02\x00\x01"))
        client.send("a/b", "hi")
        self.peer.say(b"\x40\x02\x00\x07" + b"\xd0\x00" + b"\x30\x06\x00\x03a/bx")
        self.poll()
        self.assertEqual(self.got, [(b"a/b", b"x")])

    def test_message_that_comes_before_the_acknowledgement_is_delivered(self):
        client = self.logged_in((PUBLISH_BYTES, b"\x30\x06\x00\x03c/dx" + b"\x40\x02\x00\x01"))
        client.send("a/b", "hi")
        self.assertEqual(self.got, [(b"c/d", b"x")])

    def test_close_instead_of_an_acknowledgement_names_the_topic(self):
        client = self.logged_in((PUBLISH_BYTES, CLOSE))
        try:
            client.send("a/b", "hi")
        except LinkError as error:
            self.assertEqual((error.cause, error.detail), (causes.TOPIC_REFUSED, "a/b"))
            return
        self.fail("no LinkError")

    def test_no_acknowledgement_meets_the_deadline(self):
        self.assertEqual(cause_of(self.logged_in().send, "a/b", "hi"), causes.LINK_LOST)

    def test_no_acknowledgement_after_a_look_for_messages_meets_the_deadline_too(self):
        client = self.logged_in()
        client.check_msg()
        self.assertEqual(cause_of(client.send, "a/b", "hi"), causes.LINK_LOST)

    def test_packet_ids_wrap_to_1(self):
        client = self.logged_in((PUBLISH_BYTES, b"\x40\x02\xff\xff"), (PUBLISH_BYTES, b"\x40\x02\x00\x01"))
        client.pid = 65534
        client.send("a/b", "hi")
        client.send("a/b", "hi")
        self.assertEqual(self.peer.received[-4:], b"\x00\x01hi")

    def test_text_is_counted_in_bytes(self):
        client = self.logged_in()
        client.send("é/b", "ü", 0)
        self.peer.feed()
        self.assertEqual(self.peer.received[len(CONNECT) :], b"\x30\x08\x00\x04\xc3\xa9/b\xc3\xbc")

    def test_subscribe_refused_leaves_the_link(self):
        client = self.logged_in(
            (2 + 2 + 2 + 3 + 1, b"\x90\x03\x00\x01\x80"), (PUBLISH_BYTES, b"\x40\x02\0\2")
        )
        self.assertFalse(client.listen("a/b"))
        client.send("a/b", "hi")

    def test_subscribe_answered_by_a_close_names_the_filter(self):
        client = self.logged_in((2 + 2 + 2 + 3 + 1, CLOSE))
        self.assertEqual(cause_of(client.listen, "a/b"), causes.TOPIC_REFUSED)

    def test_subscribe_granted(self):
        client = self.logged_in((2 + 2 + 2 + 3 + 1, b"\x90\x03\x00\x01\x01"))
        self.assertTrue(client.listen("a/b"))
        self.assertEqual(self.peer.received[-10:], b"\x82\x08\x00\x01\x00\x03a/b\x01")

    def test_post_does_not_wait_and_its_acknowledgement_is_noted_whenever_it_comes(self):
        client = self.logged_in()
        self.assertEqual(client.post("a/b", b"hi"), 1)
        self.poll(8)
        self.assertEqual(self.peer.received[len(CONNECT) :], b"\x32\x09\x00\x03a/b\x00\x01hi")
        self.assertEqual(client.acknowledged, 0)
        self.assertEqual(client.post("a/b", b"hi", 1), 1)
        self.poll(8)
        self.assertEqual(self.peer.received[-11:], b"\x3a\x09\x00\x03a/b\x00\x01hi")
        self.peer.say(b"\x40\x02\x00\x01" * 2)
        self.poll()
        self.assertEqual(client.acknowledged, 1)

    def test_post_takes_the_next_packet_id(self):
        client = self.logged_in((PUBLISH_BYTES, b"\x40\x02\xff\xff"))
        client.pid = 65534
        client.send("a/b", "hi")
        self.assertEqual(client.post("a/b", b"hi"), 1)

    def test_a_garbled_acknowledgement_is_none(self):
        client = self.logged_in()
        self.peer.say(b"\x40\x03\x00\x01\x00" + b"\x30\x06\x00\x03a/bx")
        self.poll()
        self.assertEqual((client.acknowledged, self.got), (0, [(b"a/b", b"x")]))

    def test_incoming_qos_1_is_acknowledged_after_the_handler(self):
        client = self.logged_in()
        order = []
        client.set_callback(lambda topic, payload: order.append(len(self.peer.received)))
        self.peer.say(b"\x32\x07\x00\x03a/b\x12\x34")
        self.poll()
        self.assertEqual(order, [len(CONNECT)])
        self.assertEqual(self.peer.received[len(CONNECT) :], b"\x40\x02\x12\x34")

    def test_message_that_comes_again_is_acknowledged_and_not_handled(self):
        self.logged_in()
        self.peer.say(b"\x32\x08\x00\x03a/b\x12\x34x" + b"\x3a\x08\x00\x03a/b\x12\x34x")
        self.poll()
        self.assertEqual(self.got, [(b"a/b", b"x")])
        self.assertEqual(self.peer.received[len(CONNECT) :], b"\x40\x02\x12\x34" * 2)

    def test_the_same_words_as_a_new_message_are_handled(self):
        self.logged_in()
        self.peer.say(b"\x32\x08\x00\x03a/b\x12\x34x" * 2)
        self.poll()
        self.assertEqual(self.got, [(b"a/b", b"x")] * 2)

    def test_another_message_that_the_server_repeats_is_handled(self):
        self.logged_in()
        self.peer.say(b"\x32\x08\x00\x03a/b\x12\x34x" + b"\x3a\x08\x00\x03a/b\x12\x34y")
        self.poll()
        self.assertEqual(self.got, [(b"a/b", b"x"), (b"a/b", b"y")])

    def test_sent_again_with_its_packet_id_and_dup(self):
        client = self.logged_in((PUBLISH_BYTES, b"\x40\x02\x00\x07"))
        client.send("a/b", "hi", again=7)
        self.assertEqual(self.peer.received[len(CONNECT) :], b"\x3a\x09\x00\x03a/b\x00\x07hi")

    def test_oversize_message_is_skipped_and_acknowledged(self):
        client = self.logged_in()
        body = b"\x00\x03a/b\x00\x07" + b"x" * (RECEIVE_MAX_BYTES + 1)
        self.peer.say(b"\x32" + bytes([len(body)]) + body + b"\x30\x06\x00\x03a/by")
        self.poll()
        self.assertEqual(self.got, [(b"a/b", b"y")])
        self.assertEqual(client.skipped, 1)
        self.assertEqual(self.peer.received[len(CONNECT) :], b"\x40\x02\x00\x07")

    def test_empty_message_is_delivered(self):
        self.logged_in()
        self.peer.say(b"\x30\x05\x00\x03a/b")
        self.peer.feed()
        self.client.check_msg()
        self.assertEqual(self.got, [(b"a/b", b"")])

    def hears(self, packet):
        self.logged_in()
        self.peer.say(packet)
        return cause_of(self.poll)

    def test_announcement_of_256_mb_is_protocol(self):
        self.assertEqual(self.hears(b"\x30\xff\xff\xff\x7f"), causes.PROTOCOL)

    def test_length_of_five_bytes_is_protocol(self):
        self.assertEqual(self.hears(b"\x30\xff\xff\xff\xff\x01"), causes.PROTOCOL)

    def test_topic_longer_than_the_packet_is_protocol(self):
        self.assertEqual(self.hears(b"\x30\x03\x00\x09a"), causes.PROTOCOL)

    def test_qos_2_is_handled_once_and_acknowledged_in_two_steps(self):
        self.logged_in()
        self.peer.say(b"\x34\x08\x00\x03a/b\x00\x07x" + b"\x3c\x08\x00\x03a/b\x00\x07x" + b"\x62\x02\x00\x07")
        self.poll()
        self.assertEqual(self.got, [(b"a/b", b"x")])
        self.assertEqual(self.peer.received[len(CONNECT) :], b"\x50\x02\x00\x07" * 2 + b"\x70\x02\x00\x07")

    def test_a_slow_handler_is_not_the_servers_delay(self):
        client = self.logged_in((PUBLISH_BYTES, b"\x30\x06\x00\x03c/dx" + b"\x40\x02\x00\x01"))
        client.set_callback(lambda topic, payload: time.sleep_ms(2 * DEADLINE_MS))
        client.send("a/b", "hi")

    def test_half_a_packet_meets_the_deadline(self):
        self.assertEqual(self.hears(b"\x30\x05\x00"), causes.LINK_LOST)

    def test_ping_is_sent_after_half_the_keep_alive_and_answered(self):
        client = self.logged_in((2, b"\xd0\x00"))
        client.keepalive = 0
        self.pause()
        client.keep_alive()
        self.poll()
        client.keepalive = 60
        client.keep_alive()
        self.assertEqual(self.peer.received[len(CONNECT) :], b"\xc0\x00")

    def test_missing_ping_response_ends_the_link(self):
        client = self.logged_in()
        client.keepalive = 0
        self.pause()
        client.keep_alive()
        self.pause()
        self.assertEqual(cause_of(client.keep_alive), causes.LINK_LOST)

    def pause(self):
        time.sleep_ms(2)


class TestSeen(unittest.TestCase):
    def test_what_was_handled_is_remembered_within_bounds(self):
        seen = Seen(2)
        for key in (1, 2, 3):
            seen.add(key)
        self.assertEqual([key in seen for key in (1, 2, 3)], [False, True, True])
