"""The pure modules in a build that leaves features out: the host's word is taken, numbers stand for texts."""

import unittest

import devcred.features as features
from devcred import causes, config, credential, networks, signing


class TestLeftOut(unittest.TestCase):
    def setUp(self):
        features.CHECKS = features.TEXTS = features.TOKEN = features.RENEWAL = False

    def tearDown(self):
        features.CHECKS = features.TEXTS = features.TOKEN = features.RENEWAL = True

    def test_a_configuration_is_taken_as_the_host_wrote_it(self):
        self.assertEqual(config.parse(b'{"client_id": "x"}'), {"client_id": "x"})

    def test_what_is_no_configuration_is_still_refused(self):
        for text in ("", "[]", "{", "7"):
            with self.assertRaises(config.ConfigError):
                config.parse(text)

    def test_networks_are_taken_as_they_are(self):
        self.assertEqual(networks.from_payload(b'[["a", "b"]]'), [["a", "b"]])
        with self.assertRaises(ValueError):
            networks.from_payload(b"[")

    def test_the_login_is_the_same(self):
        payload = credential.Credential("GID_Test@@@0001", "mqtt-xxxxx", "YYYYY", secret="XXXXX").payload()
        held = credential.from_payload(payload)
        self.assertEqual(held.password(), "vI009IZJZVGRwBwZvnbwjfuXxVM=")
        self.assertEqual(held.username, "DeviceCredential|YYYYY|mqtt-xxxxx")
        self.assertEqual(signing.device_username("a", "b"), "DeviceCredential|a|b")

    def test_a_cause_says_nothing_more(self):
        self.assertEqual(causes.text(causes.DNS), "")


class TestTexts(unittest.TestCase):
    def test_every_cause_has_one(self):
        for cause in causes.ALL:
            self.assertTrue(len(causes.text(cause)) > 10, cause)
