"""The configuration: each key at its limits, and what the file may never hold."""

import json
import unittest

from asking import refusal, said, shown
from config_cases import DEFAULTS, FLAGS, LEAST, NUMBERS, TEXTS, TOPICS, checked, is_of_type, refused
from devcred import config
from devcred.errors import ConfigError

CANARY = "Canary7f3a"


# Where tokens come from is no secret.
TOKEN_SERVER = ("token_host", "token_port", "token_ca_path")


class TestKeys(unittest.TestCase):
    def test_defaults(self):
        whole = dict(DEFAULTS)
        whole.update(LEAST)
        self.assertEqual(config.check(LEAST), whole)

    def test_what_is_given_is_left_alone(self):
        given = dict(LEAST)
        config.check(given)
        self.assertEqual(given, LEAST)

    def test_a_checked_configuration_passes_again(self):
        once = config.check(LEAST)
        self.assertEqual(config.check(once), once)
        self.assertEqual(config.parse(json.dumps(once)), once)

    def test_the_two_required_keys(self):
        for key in LEAST:
            given = {name: LEAST[name] for name in LEAST if name != key}
            self.assertEqual(said(config.check, given, error=ConfigError), key + ": is missing")

    def test_every_key_refuses_every_wrong_type(self):
        for key in list(DEFAULTS) + list(LEAST):
            for value in (None, True, 7, 1.5, 0.0, "", [], {}, ["x"]):
                if not is_of_type(value, key):
                    refused(key, value)

    def test_an_unknown_key_is_refused_with_the_nearest_known_one(self):
        for key, meant in (
            ("clientid", "client_id"),
            ("Host", "host"),
            ("keepalive", "keepalive_s"),
            ("watchdog", "watchdog_ms"),
            ("led_king", "led_kind"),
        ):
            self.assertEqual(refused(key, "x"), "unknown key; did you mean %s?" % meant)
        self.assertEqual(refused("nothing_like_it", 1), "unknown key")

    def test_no_key_could_hold_a_secret(self):
        for word in ("password", "secret", "wifi", "psk", "token", "key", "ssid", "credential"):
            for key in config.check(LEAST):
                self.assertFalse(word in key and key not in TOKEN_SERVER, key)
            for key in (word, "wifi_" + word, "device_" + word, word + "s"):
                self.assertTrue(refused(key, CANARY).startswith("unknown key"))


class TestNumbers(unittest.TestCase):
    def test_from_least_to_most(self):
        for key in NUMBERS:
            least, most = NUMBERS[key]
            for value in (least, least + 1, most - 1, most):
                self.assertEqual(checked(**{key: value})[key], value)

    def test_beyond(self):
        for key in NUMBERS:
            least, most = NUMBERS[key]
            for value in (-1 if key == "watchdog_ms" else least - 1, most + 1, 1 << 40, -(1 << 40)):
                self.assertTrue(refused(key, value).startswith("must be "), key)

    def test_the_watchdog_can_be_off(self):
        self.assertEqual(checked(watchdog_ms=0)["watchdog_ms"], 0)
        for value in (False, 0.0, -1, 1, 999):
            refused("watchdog_ms", value)

    def test_neither_true_nor_a_float_is_a_number(self):
        for key in NUMBERS:
            for value in (True, False, float(NUMBERS[key][0]), [NUMBERS[key][0]]):
                self.assertTrue(refused(key, value).endswith("must be a whole number"))


class TestTexts(unittest.TestCase):
    def test_from_fewest_to_most_characters(self):
        for key in TEXTS:
            fewest, most = TEXTS[key]
            for length in (fewest, most):
                self.assertEqual(checked(**{key: "x" * length})[key], "x" * length)
            for length in (fewest - 1, most + 1):
                if length >= 0:
                    self.assertEqual(
                        refused(key, "x" * length), "must have %d to %d characters" % (fewest, most)
                    )

    def test_printable_ascii_alone(self):
        for key in TEXTS:
            checked(**{key: "!~"})
            for char in " \t\n\0\x7f\u00e9\u4e2d":
                self.assertEqual(refused(key, char + "x"), "takes printable ASCII without blanks")

    def test_flags(self):
        for key in FLAGS:
            for value in (True, False):
                self.assertEqual(checked(**{key: value})[key], value)
            for value in (None, 0, 1, "true", "", []):
                self.assertEqual(refused(key, value), "must be true or false")

    def test_led_kind(self):
        for kind in config.LED_KINDS:
            self.assertEqual(checked(led_kind=kind)["led_kind"], kind)
        for value in ("", "None", "RGB-of-no-kind", None, 0, []):
            self.assertEqual(refused("led_kind", value), "must be one of " + ", ".join(config.LED_KINDS))

    def test_a_pin_has_a_number_or_a_name_or_is_none(self):
        for key, name in (("led_pin", "WL_GPIO0"), ("button_pin", "BOOTSEL")):
            self.assertIsNone(checked(**{key: None})[key])
            self.assertEqual(checked(**{key: name})[key], name)


class TestNames(unittest.TestCase):
    def test_client_id(self):
        longest = "GID_test@@@" + "d" * 53
        self.assertEqual(checked(client_id=longest)["client_id"], longest)
        self.assertEqual(refused("client_id", longest + "d"), "65 characters, at most 64")
        self.assertEqual(refused("client_id", "GID_test"), "must read <GroupID>@@@<DeviceID>")
        self.assertEqual(refused("client_id", 7), "must be text")

    def test_topics(self):
        for key in TOPICS:
            for value in ("abc", "t" * (54 if key == "parent_topic" else 64)):
                self.assertEqual(checked(**{key: value})[key], value)
            self.assertEqual(refused(key, "ab"), "2 characters, must be 3 to 64")
            self.assertEqual(refused(key, "t" * 65), "65 characters, must be 3 to 64")
            self.assertEqual(refused(key, "abc/#"), TOPIC_TEXT[key])
        self.assertEqual(checked(telemetry_topic="a/b")["telemetry_topic"], "a/b")
        refused("parent_topic", "")

    def test_topics_that_are_not_given_lie_below_the_parent(self):
        found = checked(parent_topic="abc", reply_topic="")
        self.assertEqual((found["telemetry_topic"], found["reply_topic"]), ("abc/telemetry", "abc/reply"))
        # The longer of the two has to fit into the service's 64 characters.
        line = said(config.check, dict(LEAST, parent_topic="t" * 55), error=ConfigError)
        self.assertEqual(line, "telemetry_topic: 65 characters, must be 3 to 64")


LEVEL_TEXT = "a level takes letters, digits, '-' and '_'"
TOPIC_TEXT = {
    "parent_topic": "the first level only, with no '/'",
    "telemetry_topic": LEVEL_TEXT,
    "reply_topic": LEVEL_TEXT,
}


class TestText(unittest.TestCase):
    def test_text_or_bytes(self):
        text = json.dumps(LEAST)
        self.assertEqual(config.parse(text), config.check(LEAST))
        self.assertEqual(config.parse(text.encode()), config.check(LEAST))

    def test_not_json(self):
        # A missing value and a comma at the end are no cases: MicroPython reads over them.
        for text in ("", "{", "{'host': 1}", "host", b"\xff\xfe", b'{"host": "\xff"}'):
            self.assertEqual(
                said(config.parse, text, error=ConfigError), "configuration: not valid JSON", repr(text)
            )

    def test_not_an_object(self):
        for text in ("[]", "null", "7", '"x"', "true", "[{}]"):
            self.assertEqual(
                said(config.parse, text, error=ConfigError), "configuration: must be a JSON object"
            )

    def test_4096_bytes_and_no_more(self):
        text = json.dumps(LEAST)
        padded = text + " " * (config.MAX_BYTES - len(text))
        self.assertEqual(config.parse(padded), config.check(LEAST))
        self.assertEqual(
            said(config.parse, padded + " ", error=ConfigError),
            "configuration: 4097 bytes, at most 4096",
        )

    def test_deep_nesting_is_an_error_like_any_other(self):
        for text in ("[" * config.MAX_BYTES, '{"host":' * 500, "[" * 2000 + "]" * 2000):
            refusal(config.parse, text, error=ConfigError)

    def test_every_refusal_is_one_line(self):
        for text in ('{"a\\nb": 1}', '{"\\u001b[2J": 1}', '{"host": "a\\nb"}', '{"%s": 1}' % ("k" * 3000)):
            line = said(config.parse, text, error=ConfigError)
            self.assertTrue(len(line) <= 200, len(line))
            for char in line:
                self.assertTrue(" " <= char <= "~", repr(line))


class TestSilence(unittest.TestCase):
    def test_no_refusal_shows_the_value(self):
        for key in list(DEFAULTS) + list(LEAST) + ["password"]:
            for value in (CANARY + "\n", [CANARY], {CANARY: CANARY}, CANARY * 90):
                given = dict(LEAST)
                given[key] = value
                self.assertFalse(CANARY in shown(refusal(config.check, given, error=ConfigError)), key)
