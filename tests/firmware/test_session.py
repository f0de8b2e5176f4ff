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
    "refused_retry_ms": 40,
}
P2P = b"devcred/p2p/GID_t@@@d"


class RecordingClient:
    """Takes a client's place; it leaves the network out."""

    def __init__(self):
        self.sent = []
        self.again = []
        self.incoming = []
        self.listened = []
        self.forbidden = None
        self.callback = None
        self.kept_alive = 0
        self.inside = False
        self.failing = False
        self.pid = 0

    def set_callback(self, callback):
        self.callback = callback

    def listen(self, topic_filter):
        self.listened.append(topic_filter)
        return topic_filter != self.forbidden

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

    def refuse(self, topic, certain=False):
        """The link ended over this topic, and there is another."""
        self.sender.refused(topic, certain)
        self.sender.begin(False)

    def test_a_topic_that_is_refused_twice_is_left_alone_and_the_rest_goes_on(self):
        for number in range(4):
            self.sender.publish("devcred/bad" if number % 2 else "devcred/good", b'{"n": %d}' % number)
        self.refuse("devcred/bad")
        self.assertEqual(self.sender.barred, [])
        self.refuse("devcred/bad")
        self.steps(6)
        self.assertEqual([topic for topic, _ in self.client.sent], ["devcred/good"] * 2)
        self.assertEqual(self.sender.counts()["barred"], ["devcred/bad"])
        self.assertEqual(self.sender.counts()["waiting"], 2)

    def test_once_is_enough_when_it_is_certain(self):
        self.refuse("devcred/bad", certain=True)
        self.assertEqual(self.sender.barred, ["devcred/bad"])

    def test_a_message_that_passes_clears_the_suspicion(self):
        self.sender.publish("devcred/bad", b"1")
        self.refuse("devcred/bad")
        self.steps(2)
        self.refuse("devcred/bad")
        self.assertEqual(self.sender.barred, [])

    def test_what_was_left_alone_is_tried_again_in_order(self):
        for number in range(3):
            self.sender.publish("devcred/bad", b"%d" % number)
        self.refuse("devcred/bad", certain=True)
        self.steps(6)
        self.sender.publish("devcred/bad", b"3")
        self.assertEqual(self.client.sent, [])
        time.sleep_ms(50)
        self.steps(6)
        self.assertEqual([body for _, body in self.client.sent], [0, 1, 2, 3])
        self.assertFalse(self.sender.try_barred())

    def test_a_filter_that_is_refused_does_not_stop_the_others(self):
        self.refuse("devcred/bad", certain=True)
        self.session = self.over(self.client, [("devcred/bad", None), ("devcred/good", None)])
        self.session.begin()
        self.assertEqual(self.client.listened, ["devcred/good"])

    def test_a_filter_that_is_refused_over_a_link_that_stands_is_left_alone_for_a_while(self):
        self.client.forbidden = "devcred/bad"
        self.session = self.over(self.client, [("devcred/bad", None), ("devcred/good", None)])
        self.session.begin()
        self.steps()
        self.assertEqual(self.client.listened, ["devcred/bad", "devcred/good"])
        self.assertEqual(self.sender.barred, ["devcred/bad"])
        self.client.forbidden = None
        time.sleep_ms(50)
        self.steps()
        self.assertEqual(self.client.listened, ["devcred/bad", "devcred/good"] * 2)
        self.assertEqual(self.sender.barred, [])

    def test_a_topic_that_is_refused_again_and_again_is_left_alone_for_longer(self):
        rests = []
        for _ in range(3):
            self.refuse("devcred/bad", certain=True)
            started_ms = time.ticks_ms()
            while not self.sender.try_barred():
                time.sleep_ms(1)
            rests.append(time.ticks_diff(time.ticks_ms(), started_ms))
        for rest_ms, least_ms in zip(rests, (40, 80, 160)):
            self.assertTrue(rest_ms >= least_ms, rests)

    def test_nothing_is_published_or_subscribed_while_a_token_is_on_its_way(self):
        class Keeper:
            busy = True

            def step(self, client):
                return self.busy

            def notice(self, topic, payload):
                pass

        keeper, subscriptions = Keeper(), []
        self.session = Session(self.client, CONFIG, self.device, self.sender, subscriptions, keeper)
        subscriptions.append(("devcred/new", None))
        self.client.incoming.append((P2P, b'{"id": "7", "cmd": "ping"}'))
        self.steps(5)
        self.assertEqual((self.client.sent, self.client.listened), ([], []))
        self.assertEqual(self.client.kept_alive, 5)
        keeper.busy = False
        self.steps()
        self.assertEqual((self.client.listened, self.client.sent[0][0]), (["devcred/new"], "devcred/reply"))

    def test_a_full_outbox_refuses(self):
        taken = [self.sender.publish("devcred/a", b"x") for _ in range(11)]
        self.assertEqual(taken, [True] * 10 + [False])
        self.assertEqual(self.sender.counts(), {"waiting": 10, "refused": 1, "expired": 0})
