"""A session over a client that records: what is told, answered, and in what order."""

import json
import unittest

from devcred.session import Session

CONFIG = {
    "client_id": "GID_t@@@d",
    "parent_topic": "devcred",
    "telemetry_topic": "devcred/telemetry",
    "reply_topic": "devcred/reply",
    "heartbeat_s": 3600,
}
P2P = b"devcred/p2p/GID_t@@@d"


class RecordingClient:
    """Takes a client's place; it leaves the network out."""

    def __init__(self):
        self.sent = []
        self.incoming = []
        self.callback = None
        self.kept_alive = 0
        self.inside = False

    def set_callback(self, callback):
        self.callback = callback

    def send(self, topic, payload):
        if self.inside:
            raise ValueError("published inside the handler")
        self.sent.append((topic, json.loads(payload)))

    def check_msg(self):
        if self.incoming:
            self.inside = True
            self.callback(*self.incoming.pop(0))
            self.inside = False

    def keep_alive(self):
        self.kept_alive += 1


class TestSession(unittest.TestCase):
    def setUp(self):
        self.client = RecordingClient()
        self.session = Session(self.client, CONFIG, {"uptime_ms": lambda: 5})

    def test_first_telemetry(self):
        self.session.begin()
        self.assertEqual(
            self.client.sent, [("devcred/telemetry", {"client_id": "GID_t@@@d", "seq": 0, "uptime_ms": 5})]
        )

    def test_telemetry_is_numbered_and_not_repeated_early(self):
        self.session.begin()
        self.session.step()
        self.assertEqual(len(self.client.sent), 1)
        self.session.begin()
        self.assertEqual(self.client.sent[1][1]["seq"], 1)

    def test_ping_is_answered_after_its_handler(self):
        self.client.incoming.append((P2P, b'{"id": "7", "cmd": "ping"}'))
        self.session.begin()
        self.session.step()
        topic, body = self.client.sent[-1]
        self.assertEqual(topic, "devcred/reply")
        self.assertEqual(
            body, {"client_id": "GID_t@@@d", "id": "7", "cmd": "ping", "ok": True, "result": {"uptime_ms": 5}}
        )

    def test_other_topics_and_garbage_are_left_alone(self):
        self.session.begin()
        self.client.incoming = [(b"devcred/other", b'{"id": "7", "cmd": "ping"}'), (P2P, b"\xff")]
        self.session.step()
        self.session.step()
        self.assertEqual(len(self.client.sent), 1)

    def test_keep_alive_is_looked_at_in_every_step(self):
        self.session.begin()
        self.session.step()
        self.session.step()
        self.assertEqual(self.client.kept_alive, 2)
