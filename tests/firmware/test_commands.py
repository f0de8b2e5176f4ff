"""Commands: what a sender gets back, whatever it sends."""

import json
import unittest

from devcred import commands

FACTS = {"uptime_ms": lambda: 1234, "version": lambda: "0.0.0"}


class Device:
    """Notes what is asked of it."""

    def __init__(self):
        self.facts = FACTS
        self.done = []

    def reboot(self):
        self.done.append("reboot")

    def resend(self):
        self.done.append("resend")

    def set_interval(self, seconds):
        self.done.append(seconds)


class TestCommands(unittest.TestCase):
    def setUp(self):
        self.device = Device()

    def ask(self, **request):
        return commands.answer(json.dumps(request).encode(), self.device)

    def test_ping(self):
        reply = self.ask(id="7", cmd="ping")
        self.assertEqual(reply, {"id": "7", "cmd": "ping", "ok": True, "result": {"uptime_ms": 1234}})

    def test_info_tells_every_fact(self):
        self.assertEqual(self.ask(id="8", cmd="info")["result"], {"uptime_ms": 1234, "version": "0.0.0"})

    def test_reboot_and_resend_are_noted_and_answered(self):
        self.assertEqual(
            self.ask(id="1", cmd="reboot"), {"id": "1", "cmd": "reboot", "ok": True, "result": {}}
        )
        self.assertTrue(self.ask(id="2", cmd="resend")["ok"])
        self.assertEqual(self.device.done, ["reboot", "resend"])

    def test_set_interval(self):
        self.assertEqual(self.ask(id="3", cmd="set-interval", heartbeat_s=60)["result"], {"heartbeat_s": 60})
        self.assertEqual(self.device.done, [60])

    def test_set_interval_out_of_range_changes_nothing(self):
        for value in (0, 86401, "60", None, True, 1.5):
            reply = self.ask(id="4", cmd="set-interval", heartbeat_s=value)
            self.assertFalse(reply["ok"])
            self.assertIn("heartbeat_s", reply["error"])
        self.assertEqual(self.device.done, [])

    def test_unknown_command_is_answered_with_the_known_ones(self):
        reply = self.ask(id="9", cmd="explode")
        self.assertFalse(reply["ok"])
        self.assertIn("ping", reply["error"])
        self.assertEqual(reply["id"], "9")

    def test_missing_or_odd_fields_are_answered(self):
        self.assertFalse(self.ask()["ok"])
        self.assertEqual(self.ask(id=[1], cmd="ping")["id"], "")

    def test_line_breaks_do_not_come_back(self):
        self.assertEqual(self.ask(id="1\ndevcred 0 connack", cmd="ping")["id"], "")

    def test_long_fields_come_back_bounded(self):
        self.assertEqual(len(self.ask(id="x" * 500, cmd="y" * 500)["id"]), 64)

    def test_what_is_no_request_is_not_answered(self):
        for payload in (b"", b"{", b"[1]", b"7", b"\xff\xfe", b'"text"'):
            self.assertEqual(commands.answer(payload, self.device), None)
