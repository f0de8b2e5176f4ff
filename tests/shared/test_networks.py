"""Wi-Fi networks: limits of SSID and password, and silence about both."""

import json
import unittest

from asking import refusal, shown
from devcred import networks, records

CANARY = "Canary7f3a"
PAIR = ("workshop", "password")


def why(call, value):
    """The text of the refusal; it must not show a password."""
    raised = refusal(call, value)
    if CANARY in shown(raised):
        raise AssertionError("shows the value")
    return str(raised)


class TestCheck(unittest.TestCase):
    def test_one_to_eight(self):
        for count in (1, 8):
            self.assertEqual(networks.check([PAIR] * count), [PAIR] * count)
        for wrong in ([], (), [PAIR] * 9, None, "x", 7, {"a": "b"}, {PAIR}):
            self.assertEqual(why(networks.check, wrong), "networks: 1 to 8 are needed")

    def test_pairs(self):
        self.assertEqual(networks.check((["a", ""],)), [("a", "")])
        for wrong in (None, "ab", {"a": "b"}, ["a"], ["a", "b", CANARY], []):
            self.assertEqual(
                why(networks.check, [PAIR, wrong]), "networks: each is a pair of SSID and password"
            )

    def test_text(self):
        for wrong in (
            (7, CANARY),
            ("a", 7),
            (b"a", CANARY),
            ("a", CANARY.encode()),
            (None, None),
            ("a", None),
        ):
            self.assertEqual(
                why(networks.check, [wrong]), "networks: SSID and password must be text", repr(wrong)
            )

    def test_an_ssid_is_counted_in_bytes(self):
        for ssid in ("a", "a" * 32, "\u4e2d" * 10 + "ab", "a b"):
            self.assertEqual(networks.check([(ssid, "")]), [(ssid, "")])
        for ssid in ("", "a" * 33, "\u4e2d" * 11):
            self.assertEqual(why(networks.check, [(ssid, CANARY)]), "networks: an SSID has 1 to 32 bytes")

    def test_a_password_has_8_to_64_characters_or_none(self):
        for password in ("", "p" * 8, "p" * 63, "p" * 64):
            self.assertEqual(networks.check([("a", password)]), [("a", password)])
        for password in ("p", "p" * 7, "p" * 65, CANARY * 7):
            self.assertEqual(
                why(networks.check, [("a", password)]), "networks: a password has 8 to 64 characters"
            )


class TestPayload(unittest.TestCase):
    def test_round_trip(self):
        pairs = [PAIR, ("caf\u00e9 \u4e2d", ""), ('quote"', "back\\slash")]
        self.assertEqual(networks.from_payload(networks.to_payload(pairs)), pairs)

    def test_order_is_kept(self):
        pairs = [("n%d" % i, "") for i in range(8)]
        self.assertEqual(networks.from_payload(networks.to_payload(pairs)), pairs)

    def test_the_most_fit_a_record(self):
        pairs = [("s" * 32, "p" * 64)] * 8
        self.assertTrue(len(networks.to_payload(pairs)) <= records.PAYLOAD_MAX_BYTES)

    def test_what_is_wrong_is_not_packed(self):
        self.assertEqual(
            why(networks.to_payload, [("a", "short")]), "networks: a password has 8 to 64 characters"
        )

    def test_not_json(self):
        body = json.dumps([["a", CANARY]]).encode()
        for data in (b"", b"[", body[:-1], body[:-1] + b"\xff", b"\xff" + body, b"x"):
            self.assertEqual(why(networks.from_payload, data), "networks: not valid JSON")
        self.assertEqual(why(networks.from_payload, b"[" * 2048), "networks: not valid JSON")

    def test_other_json(self):
        for data in (b"null", b"{}", b'"x"', b"7", b"[]"):
            self.assertEqual(why(networks.from_payload, data), "networks: 1 to 8 are needed")
        self.assertEqual(
            why(networks.from_payload, b"[null]"), "networks: each is a pair of SSID and password"
        )
