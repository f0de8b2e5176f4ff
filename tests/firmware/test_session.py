"""A session over a client that records: what is told, answered, and in what order."""

import json
import time
import unittest

from devcred import causes
from devcred.errors import LinkError
from devcred.outbox import Outbox
from devcred.sending import Sender
from devcred.session import Session

CONFIG = {
    "client_id": "GID_t@@@d",
    "parent_topic": "devcred",
    "telemetry_topic": "devcred/telemetry",
    "reply_topic": "devcred/reply",
}
P2P = b"devcred/p2p/GID_t@@@d"


class RecordingClient:
    """Takes a client's place; it leaves the network out."""

    def __init__(self):
        self.sent = []
        self.again = []
        self.incoming = []
        self.listened = []
        self.callback = None
        self.kept_alive = 0
        self.inside = False
        self.failing = False
        self.pid = 0

    def set_callback(self, callback):
        self.callback = callback

    def listen(self, topic_filter):
        self.listened.append(topic_filter)

    def send(self, topic, payload, qos, again):
        if self.inside:
            raise ValueError("published inside the handler")
        self.pid = again or self.pid + 1
        self.again.append(again)
        if self.failing:
            raise LinkError(causes.LINK_LOST)
        self.sent.append((topic.decode(), json.loads(payload)))

    def check_msg(self):
        if self.incoming:
            self.inside = True
            self.callback(*self.incoming.pop(0))
            self.inside = False

    def keep_alive(self):
        self.kept_alive += 1


class Device:
    """Facts, and room for what commands ask."""

    heartbeat_ms = 3600000
    resending = False

    def __init__(self):
        self.facts = {"uptime_ms": lambda: 5}


class TestSession(unittest.TestCase):
    def setUp(self):
        self.client = RecordingClient()
        self.outbox = Outbox(None, 10, 10000)
        self.sender = Sender(self.outbox, CONFIG, lambda: 0, "boot")
        self.device = Device()
        self.session = self.over(self.client)

    def over(self, client, subscriptions=()):
        return Session(client, CONFIG, self.device, self.sender, subscriptions)

    def steps(self, count=3):
        for _ in range(count):
            self.session.step()

    def test_first_telemetry(self):
        self.session.begin()
        self.steps()
        body = {"client_id": "GID_t@@@d", "mid": "boot-1", "uptime_ms": 5}
        self.assertEqual(self.client.sent, [("devcred/telemetry", body)])
        self.assertEqual(self.client.listened, [])

    def test_telemetry_comes_again_when_asked_and_under_a_new_id(self):
        self.session.begin()
        self.steps()
        self.device.resending = True
        self.steps()
        self.assertEqual([body["mid"] for _, body in self.client.sent], ["boot-1", "boot-2"])

    def test_telemetry_at_the_heartbeat(self):
        self.session.begin()
        self.steps()
        self.device.heartbeat_ms = 1
        time.sleep_ms(5)
        self.steps(2)
        self.assertTrue(len(self.client.sent) >= 2)

    def test_ping_is_answered_after_its_handler(self):
        self.client.incoming.append((P2P, b'{"id": "7", "cmd": "ping"}'))
        self.steps()
        topic, body = self.client.sent[-1]
        self.assertEqual(topic, "devcred/reply")
        self.assertEqual((body["id"], body["ok"], body["result"]), ("7", True, {"uptime_ms": 5}))

    def test_a_flood_of_commands_is_bounded(self):
        self.client.incoming = [(P2P, b'{"id": "7", "cmd": "ping"}')] * 20
        # All of them arrive before anything can be sent.
        for _ in range(20):
            self.client.check_msg()
        self.assertEqual(len(self.outbox), 4)

    def test_other_topics_and_garbage_are_left_alone(self):
        self.client.incoming = [(b"devcred/other", b'{"id": "7", "cmd": "ping"}'), (P2P, b"\xff")]
        self.steps()
        self.assertEqual(self.client.sent, [])

    def test_keep_alive_is_looked_at_in_every_step(self):
        self.steps(2)
        self.assertEqual(self.client.kept_alive, 2)

    def test_subscriptions_of_the_application(self):
        got = []
        self.session = self.over(self.client, [("devcred/+/set", lambda topic, payload: got.append(payload))])
        self.session.begin()
        self.assertEqual(self.client.listened, ["devcred/+/set"])
        self.client.incoming = [(b"devcred/a/set", b"1"), (b"devcred/a/get", b"2")]
        self.steps()
        self.assertEqual(got, [b"1"])

    def test_a_subscription_that_comes_later_is_made_at_the_next_step(self):
        subscriptions = []
        self.session = self.over(self.client, subscriptions)
        self.session.begin()
        subscriptions.append(("devcred/late", None))
        self.steps()
        self.assertEqual(self.client.listened, ["devcred/late"])

    def test_a_handler_that_fails_does_not_end_the_session(self):
        def handler(topic, payload):
            raise KeyError("x")

        self.session = self.over(self.client, [("devcred/#", handler)])
        self.client.incoming = [(b"devcred/a", b"1")]
        self.steps()
        self.assertEqual(self.client.kept_alive, 3)

    def test_what_was_not_acknowledged_goes_out_first_over_the_next_link(self):
        self.client.failing = True
        self.session.begin()
        self.assertRaises(LinkError, self.session.step)
        self.client.failing = False
        self.sender.begin(False)
        self.session = self.over(self.client)
        self.session.begin()
        self.steps()
        self.assertEqual([body["mid"] for _, body in self.client.sent], ["boot-1", "boot-2"])
        self.assertEqual(self.client.again, [0, 0, 0])

    def test_over_a_session_that_was_kept_it_goes_out_with_its_packet_id(self):
        self.client.failing = True
        self.client.pid = 40
        self.session.begin()
        self.assertRaises(LinkError, self.session.step)
        self.client.failing = False
        self.sender.begin(True)
        self.session.step()
        self.assertEqual(self.client.again, [0, 41])
        self.assertEqual(len(self.outbox), 0)

    def test_text_is_taken_as_it_is(self):
        self.sender.publish("devcred/a", "7")
        self.assertEqual(self.outbox.peek()[3], b"7")

    def test_what_is_no_message_fails_with_who_publishes_it(self):
        for body in (7, None, ["x"]):
            self.assertRaises(ValueError, self.sender.publish, "devcred/a", body)
        self.assertEqual(len(self.outbox), 0)

    def test_a_full_outbox_refuses(self):
        taken = [self.sender.publish("devcred/a", b"x") for _ in range(11)]
        self.assertEqual(taken, [True] * 10 + [False])
        self.assertEqual(self.sender.counts(), {"waiting": 10, "refused": 1, "expired": 0})
