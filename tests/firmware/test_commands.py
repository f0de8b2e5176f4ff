"""Commands: what a sender gets back, whatever it sends."""

import json
import unittest

from devcred import commands

FACTS = {"uptime_ms": lambda: 1234, "version": lambda: "0.0.0"}


class TestCommands(unittest.TestCase):
    def ask(self, **request):
        return commands.answer(json.dumps(request).encode(), FACTS)

    def test_ping(self):
        reply = self.ask(id="7", cmd="ping")
        self.assertEqual(reply, {"id": "7", "cmd": "ping", "ok": True, "result": {"uptime_ms": 1234}})

    def test_info_tells_every_fact(self):
        self.assertEqual(self.ask(id="8", cmd="info")["result"], {"uptime_ms": 1234, "version": "0.0.0"})

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
            self.assertEqual(commands.answer(payload, FACTS), None)
