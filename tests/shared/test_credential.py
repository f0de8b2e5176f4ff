"""A device's credential: what it signs, what its payload may hold, what it never shows."""

import json
import unittest

from asking import refusal, said, shown
from devcred import credential, records, signing
from devcred.credential import Credential

CANARY = "Canary7f3a"
CLIENT_ID = "GID_Test@@@0001"
NAMES = {"client_id": CLIENT_ID, "instance_id": "mqtt-xxxxx", "key_id": "YYYYY"}


def payload(**changes):
    """A payload of the names and the changes; None takes a name out."""
    body = dict(NAMES)
    body.update(changes)
    return json.dumps({key: body[key] for key in body if body[key] is not None}).encode()


def why(data):
    """The text of the refusal of a payload; it must not show what the payload holds."""
    raised = refusal(credential.from_payload, data)
    if CANARY in shown(raised):
        raise AssertionError("shows the value")
    return str(raised)


class TestSecret(unittest.TestCase):
    def test_the_password_is_computed(self):
        device = Credential(CLIENT_ID, "mqtt-xxxxx", "YYYYY", secret="XXXXX")
        self.assertEqual(device.password(), "vI009IZJZVGRwBwZvnbwjfuXxVM=")
        self.assertEqual(device.username, "DeviceCredential|YYYYY|mqtt-xxxxx")
        self.assertFalse(device.presigned)

    def test_round_trip(self):
        for secret in ("XXXXX", "s", "s" * 65, "\u4e2d\u6587", 'quote"back\\slash'):
            device = Credential(CLIENT_ID, "mqtt-xxxxx", "YYYYY", secret=secret)
            again = credential.from_payload(device.payload())
            self.assertEqual(again.password(), signing.password(CLIENT_ID, secret))
            self.assertEqual(
                (again.client_id, again.key_id, again.instance_id), (CLIENT_ID, "YYYYY", "mqtt-xxxxx")
            )

    def test_the_longest_fits_a_record(self):
        device = Credential("GID_test@@@" + "d" * 53, "i" * 64, "k" * 64, secret="s" * 1024)
        self.assertTrue(len(device.payload()) <= records.PAYLOAD_MAX_BYTES)


class TestPresigned(unittest.TestCase):
    def test_same_password_and_no_secret(self):
        device = Credential(CLIENT_ID, "mqtt-xxxxx", "YYYYY", secret=CANARY)
        ahead = device.sign_ahead()
        self.assertTrue(ahead.presigned)
        self.assertEqual(ahead.password(), device.password())
        self.assertEqual(ahead.username, device.username)
        self.assertFalse(CANARY in ahead.payload().decode())
        self.assertTrue(credential.from_payload(ahead.payload()).presigned)
        self.assertEqual(credential.from_payload(ahead.payload()).password(), device.password())

    def test_of_a_presigned_one_is_the_same(self):
        ahead = Credential(CLIENT_ID, "mqtt-xxxxx", "YYYYY", password="p")
        self.assertEqual(ahead.sign_ahead().password(), "p")


class TestRefusals(unittest.TestCase):
    def test_either_the_secret_or_the_password(self):
        text = "credential: give either the secret, the password or tokens"
        for data in (
            payload(),
            payload(secret=""),
            payload(password=""),
            payload(secret="", password=""),
            payload(secret=CANARY, password=CANARY),
        ):
            self.assertEqual(why(data), text)

    def test_not_an_object(self):
        for data in (
            b"",
            b"[]",
            b"null",
            b'"x"',
            b"7",
            b"{",
            b"\xff",
            b"\xff" * 64,
            CANARY.encode() + b"\xff",
        ):
            self.assertEqual(why(data), "credential: not a JSON object")
        for data in (b"[" * records.PAYLOAD_MAX_BYTES, b'{"a":' * 400):
            self.assertEqual(why(data), "credential: not a JSON object")

    def test_every_truncation(self):
        data = payload(secret=CANARY)
        for length in range(len(data)):
            why(data[:length])

    def test_a_missing_name(self):
        for key in NAMES:
            self.assertEqual(why(payload(secret=CANARY, **{key: None})), "credential: %s is missing" % key)

    def test_foreign_keys_and_wrong_types(self):
        text = "credential: holds a key that has no place there"
        for changes in (
            {"_secret": CANARY},
            {"self": CANARY},
            {"username": CANARY},
            {CANARY: "x"},
            {"secret": 7},
            {"secret": [CANARY]},
            {"password": {}},
            {"key_id": 7},
        ):
            body = {"secret": CANARY}
            body.update(changes)
            self.assertEqual(why(payload(**body)), text)
        self.assertEqual(why(b'{"client_id": null}'), text)

    def test_the_client_id_rules(self):
        long = "GID_test@@@" + "d" * 54
        self.assertEqual(why(payload(secret=CANARY, client_id=long)), "client_id: 65 characters, at most 64")
        self.assertEqual(
            why(payload(secret=CANARY, client_id="GID_Test")),
            "client_id: must read <GroupID>@@@<DeviceID>",
        )

    def test_the_parts_of_the_user_name(self):
        for key in ("key_id", "instance_id"):
            self.assertEqual(why(payload(secret=CANARY, **{key: ""})), key + ": is empty")
            self.assertEqual(why(payload(secret=CANARY, **{key: "a|b"})), key + ": must not hold a '|'")

    def test_in_the_constructor_as_well(self):
        text = "credential: give either the secret, the password or tokens"
        self.assertEqual(said(Credential, CLIENT_ID, "i", "k"), text)
        self.assertEqual(said(Credential, CLIENT_ID, "i", "k", CANARY, CANARY), text)


class TestSilence(unittest.TestCase):
    def test_neither_repr_nor_str_shows_the_secret(self):
        for device in (
            Credential(CLIENT_ID, "mqtt-xxxxx", "YYYYY", secret=CANARY),
            Credential(CLIENT_ID, "mqtt-xxxxx", "YYYYY", password=CANARY),
        ):
            for text in (repr(device), str(device), "%r" % [device], "{}".format(device)):
                self.assertFalse(CANARY in text)
                self.assertTrue(CLIENT_ID in text)


class TestTokens(unittest.TestCase):
    TOKENS = (("R", "cmVhZA=="), ("W", "d3JpdGU="))

    def device(self):
        return Credential(CLIENT_ID, "mqtt-xxxxx", "YYYYY", tokens=dict(self.TOKENS))

    def test_user_name_and_password_are_token_modes(self):
        device = self.device()
        self.assertEqual(device.username, "Token|YYYYY|mqtt-xxxxx")
        self.assertEqual(device.password(), "R|cmVhZA==|W|d3JpdGU=")
        self.assertFalse(device.presigned)

    def test_round_trip(self):
        again = credential.from_payload(self.device().payload())
        self.assertEqual(again.username, self.device().username)
        self.assertEqual(again.password(), self.device().password())
        self.assertEqual((again.expire_s, again.margin_s), (0, 0))

    def test_their_end_is_kept_with_them(self):
        device = Credential(
            CLIENT_ID, "mqtt-xxxxx", "YYYYY", tokens=dict(self.TOKENS), expire_s=1800000070, margin_s=30
        )
        again = credential.from_payload(device.payload())
        self.assertEqual((again.tokens, again.expire_s), (dict(self.TOKENS), 1800000070))
        self.assertEqual(again.margin_s, 30)
        self.assertTrue(why(payload(tokens={"R": "a"}, expire_s=CANARY)).startswith("credential: "))

    def test_signed_ahead_they_are_what_they_were(self):
        self.assertEqual(self.device().sign_ahead().username, "Token|YYYYY|mqtt-xxxxx")

    def test_what_is_no_set_of_tokens(self):
        for tokens in ({"X": CANARY}, {"R": ""}, {"R": "a|b" + CANARY}, {"R": 7}, {"R": [CANARY]}):
            self.assertTrue(why(payload(tokens=tokens)).startswith("tokens: "), str(tokens))
        for tokens in ([], "R|" + CANARY, 7, {}):
            self.assertTrue(why(payload(tokens=tokens)).startswith("credential: "), str(tokens))
        self.assertIn("either", why(payload(tokens={"R": "a"}, secret=CANARY)))

    def test_no_repr_shows_them(self):
        self.assertFalse("cmVhZA" in repr(self.device()))
