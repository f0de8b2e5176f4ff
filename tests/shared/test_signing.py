"""User names and passwords: vectors from elsewhere, and what must be refused."""

import binascii
import hashlib
import json
import unittest

from asking import refusal, said, shown
from devcred import signing

VECTORS = __file__.rsplit("/", 2)[0] + "/vectors/vectors.json"
CANARY = "Canary7f3a"
NOT_TEXT = (None, 0, 7, True, 1.5, ["a"], ("a",), {"a": 1}, object)
LONE_SURROGATE = json.loads('"a\\udc00b"')


def vectors(name):
    """One list of the vectors file."""
    with open(VECTORS, encoding="utf-8") as file:
        return json.load(file)[name]


def octets(vector, name):
    """A field as bytes."""
    return binascii.unhexlify(vector[name + "_hex"])


class TestVectors(unittest.TestCase):
    def test_there_are_as_many_as_there_were(self):
        self.assertEqual(len(vectors("password_vectors")), 32)
        self.assertEqual(len(vectors("connect_examples")), 7)

    def test_hmac_sha256_of_rfc_4231(self):
        # Test cases 1, 2 and 6: a short key, text, and a key longer than a block.
        for key, message, mac in (
            (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                b"\xaa" * 131,
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ):
            self.assertEqual(binascii.hexlify(signing.hmac_sha256(key, message)).decode(), mac)

    def test_passwords_from_bytes(self):
        for vector in vectors("password_vectors"):
            found = signing.password(octets(vector, "client_id"), octets(vector, "secret"))
            self.assertEqual(found, vector["password_b64"], vector["name"])

    def test_passwords_from_text(self):
        checked = 0
        for vector in vectors("password_vectors"):
            if vector["client_id"] is not None and vector["secret"] is not None:
                found = signing.password(vector["client_id"], vector["secret"])
                self.assertEqual(found, vector["password_b64"], vector["name"])
                checked += 1
        self.assertEqual(checked, 26)

    def test_digests(self):
        for vector in vectors("password_vectors"):
            found = signing.hmac_sha1(octets(vector, "secret"), octets(vector, "client_id"))
            self.assertEqual(len(found), 20)
            self.assertEqual(binascii.hexlify(found).decode(), vector["hmac_sha1_hex"], vector["name"])

    def test_device_credential_examples(self):
        examples = [e for e in vectors("connect_examples") if e["mode"] == "DeviceCredential"]
        self.assertEqual(len(examples), 2)
        for example in examples:
            username = signing.device_username(example["device_access_key_id"], example["instance_id"])
            self.assertEqual(username, example["username"])
            password = signing.password(example["client_id"], example["device_access_key_secret"])
            self.assertEqual(password, example["password"])

    def test_token_examples(self):
        examples = [e for e in vectors("connect_examples") if e["mode"] == "Token"]
        self.assertEqual(len(examples), 4)
        for example in examples:
            username = signing.token_username(example["access_key_id"], example["instance_id"])
            self.assertEqual(username, example["username"])
            self.assertEqual(signing.token_password(example["tokens"]), example["password"])
            self.assertEqual(signing.token_password(dict(example["tokens"])), example["password"])

    def test_the_older_mode_has_the_same_formula(self):
        example = next(e for e in vectors("connect_examples") if e["mode"] == "Signature")
        password = signing.password(example["client_id"], example["access_key_secret"])
        self.assertEqual(password, example["password"])


class TestHmac(unittest.TestCase):
    def test_text_is_taken_as_utf_8(self):
        self.assertEqual(
            signing.hmac_sha1("\u00e9", "\u4e2d"), signing.hmac_sha1(b"\xc3\xa9", b"\xe4\xb8\xad")
        )

    def test_a_bytearray_will_do_and_is_left_alone(self):
        key, message = bytearray(b"k" * 64), bytearray(b"message")
        self.assertEqual(signing.hmac_sha1(key, message), signing.hmac_sha1(b"k" * 64, b"message"))
        self.assertEqual((key, message), (bytearray(b"k" * 64), bytearray(b"message")))

    def test_a_key_over_the_block_counts_as_its_hash(self):
        for length in (65, 66, 1000):
            key = b"k" * length
            self.assertEqual(
                signing.hmac_sha1(key, b"m"), signing.hmac_sha1(hashlib.sha1(key).digest(), b"m")
            )
        # At the block's own length it counts as it is.
        key = b"k" * 64
        self.assertNotEqual(signing.hmac_sha1(key, b"m"), signing.hmac_sha1(hashlib.sha1(key).digest(), b"m"))

    def test_a_zero_at_the_end_of_a_key_changes_nothing(self):
        # RFC 2104 pads the key with zeros; a key of zeros alone is the empty one.
        self.assertEqual(signing.hmac_sha1(b"k", b"m"), signing.hmac_sha1(b"k\x00", b"m"))
        self.assertEqual(signing.hmac_sha1(b"", b"m"), signing.hmac_sha1(bytes(64), b"m"))

    def test_what_is_neither_text_nor_bytes_is_refused(self):
        for wrong in NOT_TEXT:
            self.assertEqual(said(signing.hmac_sha1, wrong, "m"), "key: give str or bytes")
            self.assertEqual(said(signing.hmac_sha1, "k", wrong), "message: give str or bytes")
            self.assertEqual(said(signing.password, wrong, "s"), "client_id: give str or bytes")
            self.assertEqual(said(signing.password, "c", wrong), "secret: give str or bytes")

    def test_a_lone_surrogate_is_refused(self):
        self.assertEqual(said(signing.hmac_sha1, LONE_SURROGATE, "m"), "key: not valid Unicode text")
        self.assertEqual(said(signing.hmac_sha1, "k", LONE_SURROGATE), "message: not valid Unicode text")
        self.assertEqual(said(signing.password, "c", LONE_SURROGATE), "secret: not valid Unicode text")

    def test_the_neighbours_of_the_surrogates_are_not(self):
        # U+D7FF shares its first byte in UTF-8 with them; then U+E000.
        text = "\ud7ff\ue000\ud7ff"
        self.assertEqual(signing.hmac_sha1("k", text), signing.hmac_sha1("k", text.encode()))


# call with one field; the field's name in the error; the other field is right
FIELDS = (
    (lambda value: signing.device_username(value, "mqtt-1"), "key_id"),
    (lambda value: signing.device_username("DC.1", value), "instance_id"),
    (lambda value: signing.token_username(value, "mqtt-1"), "access_key_id"),
    (lambda value: signing.token_username("LTAI1", value), "instance_id"),
    (lambda value: signing.token_password({"R": value}), "tokens"),
    (lambda value: signing.token_password([("R", "a"), ("W", value)]), "tokens"),
)


class TestFields(unittest.TestCase):
    def test_the_parts_in_order(self):
        self.assertEqual(signing.device_username("DC.1", "mqtt-1"), "DeviceCredential|DC.1|mqtt-1")
        self.assertEqual(signing.token_username("LTAI1", "mqtt-1"), "Token|LTAI1|mqtt-1")
        self.assertEqual(signing.device_username(b"DC.1", bytearray(b"m")), "DeviceCredential|DC.1|m")
        self.assertEqual(signing.token_username("\u00e9", "m"), "Token|\u00e9|m")

    def test_empty(self):
        for call, name in FIELDS:
            self.assertEqual(said(call, ""), name + ": is empty")
            self.assertEqual(said(call, b""), name + ": is empty")

    def test_not_text(self):
        for call, name in FIELDS:
            for wrong in NOT_TEXT:
                self.assertEqual(said(call, wrong), name + ": give str or bytes")

    def test_a_bar_would_move_the_borders(self):
        for call, name in FIELDS:
            for wrong in ("|", "a|b", "|a", "a|", b"a|b"):
                self.assertEqual(said(call, wrong), name + ": must not hold a '|'")

    def test_blanks_and_control_characters(self):
        for call, name in FIELDS:
            for wrong in (" ", "a b", "a\n", "\ta", "a\x00", "a\x7f", b"\x1f"):
                self.assertEqual(said(call, wrong), name + ": must not hold blanks or control characters")
            call("!~")

    def test_not_unicode(self):
        for call, name in FIELDS:
            self.assertEqual(said(call, LONE_SURROGATE), name + ": not valid Unicode text")
            for wrong in (b"a\xff", b"\xc3", b"\xed\xb0\x80"):
                self.assertEqual(said(call, wrong), name + ": not valid UTF-8")


class TestTokenPassword(unittest.TestCase):
    def test_a_dict_is_read_in_the_order_of_the_types(self):
        self.assertEqual(signing.token_password({"RW": "c", "W": "b", "R": "a"}), "R|a|W|b|RW|c")

    def test_pairs_keep_their_order(self):
        self.assertEqual(signing.token_password([("W", "b"), ("R", "a")]), "W|b|R|a")
        self.assertEqual(signing.token_password(pair for pair in [["RW", b"c"]]), "RW|c")

    def test_unknown_types(self):
        for wrong in ("r", "WR", "", "RWR", None, 1, CANARY):
            self.assertEqual(said(signing.token_password, {wrong: "a"}), "tokens: a type must be R, W or RW")
            self.assertEqual(
                said(signing.token_password, [("R", "a"), (wrong, "b")]),
                "tokens: a type must be R, W or RW",
            )

    def test_a_type_twice(self):
        for kind in signing.TOKEN_TYPES:
            self.assertEqual(
                said(signing.token_password, [(kind, "a"), (kind, "b")]), "tokens: a type stands twice"
            )

    def test_a_token_that_looks_like_a_type_is_no_type(self):
        self.assertEqual(signing.token_password([("R", "W"), ("W", "R")]), "R|W|W|R")

    def test_none(self):
        for empty in ({}, [], ()):
            self.assertEqual(said(signing.token_password, empty), "tokens: at least one is needed")

    def test_neither_a_dict_nor_pairs(self):
        for wrong in (None, 7, "R", CANARY, ["R"], [("R",)], [("R", "a", "b")], [None], [7]):
            self.assertEqual(
                said(signing.token_password, wrong), "tokens: give a dict, or pairs of type and token"
            )


class TestSilence(unittest.TestCase):
    """No error shows the value that it is about."""

    def test_fields(self):
        bad = (
            CANARY + "|",
            CANARY + " ",
            CANARY + "\n",
            CANARY + LONE_SURROGATE,
            CANARY.encode() + b"\xff",
            [CANARY],
            {CANARY: CANARY},
        )
        for call, _ in FIELDS:
            for value in bad:
                self.assertFalse(CANARY in shown(refusal(call, value)))

    def test_secrets(self):
        for value in (CANARY + LONE_SURROGATE, [CANARY], (CANARY,), {CANARY}):
            for call in (signing.hmac_sha1, signing.password):
                self.assertFalse(CANARY in shown(refusal(call, value, "x")))
                self.assertFalse(CANARY in shown(refusal(call, "x", value)))

    def test_tokens(self):
        bad = ({CANARY: "a"}, [(CANARY, "a")], [("R", CANARY), ("R", CANARY)], [("R", CANARY, "")], CANARY)
        for value in bad:
            self.assertFalse(CANARY in shown(refusal(signing.token_password, value)))
