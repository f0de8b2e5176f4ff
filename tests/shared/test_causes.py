"""Causes of a lost link: what follows from each, and how they are told apart."""

import unittest

from asking import refusal
from devcred import causes
from devcred.errors import AgentError, ConfigError, CredentialError, LinkError

RETRY = {
    "no-credential": causes.NEVER,
    "bad-config": causes.NEVER,
    "no-wifi": causes.FAST,
    "dns": causes.FAST,
    "no-server": causes.FAST,
    "tls": causes.FAST,
    "tls-ca": causes.SLOW,
    "tls-name": causes.SLOW,
    "tls-time": causes.FAST,
    "refused": causes.SLOW,
    "bad-client-id": causes.SLOW,
    "server-busy": causes.FAST,
    "topic-refused": causes.FAST,
    "closed": causes.FAST,
    "kicked": causes.SLOW,
    "link-lost": causes.FAST,
    "protocol": causes.FAST,
    "token": causes.FAST,
    "account-refused": causes.SLOW,
}

WIFI_DETAILS = ("no-address", "wrong-password", "no-access-point")


class TestTable(unittest.TestCase):
    def test_the_retry_class_of_each(self):
        self.assertEqual({cause: causes.retry_class(cause) for cause in causes.ALL}, RETRY)

    def test_every_constant_is_in_the_table(self):
        named = [getattr(causes, name) for name in dir(causes) if name == name.upper()]
        for cause in named:
            if isinstance(cause, str) and cause not in WIFI_DETAILS:
                self.assertTrue(cause in causes.ALL, cause)
        self.assertEqual(len(causes.ALL), len(set(causes.ALL)))

    def test_names_suit_the_console(self):
        for cause in causes.ALL:
            for char in cause:
                self.assertTrue("a" <= char <= "z" or char == "-", cause)

    def test_texts_are_one_line_each(self):
        for cause in causes.ALL:
            text = causes.text(cause)
            self.assertTrue(10 < len(text) < 120, cause)
            for char in text:
                self.assertTrue(" " <= char <= "~", cause)

    def test_blinks_can_be_counted(self):
        for cause in causes.ALL:
            self.assertTrue(2 <= causes.blinks(cause) <= 9, cause)

    def test_what_a_person_must_act_on_differs_from_what_heals_itself(self):
        self.assertNotEqual(causes.blinks("refused"), causes.blinks("no-wifi"))
        self.assertNotEqual(causes.blinks("no-credential"), causes.blinks("bad-config"))

    def test_an_unknown_cause(self):
        for call in (causes.retry_class, causes.blinks, causes.text):
            refusal(call, "no-such-cause", error=KeyError)


class TestConnack(unittest.TestCase):
    def test_every_code(self):
        known = {2: "bad-client-id", 3: "server-busy", 4: "refused", 5: "refused"}
        for code in range(256):
            self.assertEqual(causes.from_connack(code), known.get(code, "protocol"))


class TestTls(unittest.TestCase):
    def test_the_words_of_mbed_tls(self):
        for words, cause in (
            ("The certificate Common Name (CN) does not match with the expected CN", "tls-name"),
            ("The certificate validity has expired", "tls-time"),
            ("The certificate validity starts in the future", "tls-time"),
            ("The certificate is not correctly signed by the trusted CA", "tls-ca"),
            ("", "tls"),
            ("MBEDTLS_ERR_SSL_CONN_EOF", "tls"),
        ):
            self.assertEqual(causes.from_tls(words), cause)


class TestErrors(unittest.TestCase):
    def test_a_link_error_carries_its_cause(self):
        error = LinkError(causes.DNS, 110)
        self.assertEqual((error.cause, error.detail, error.args), ("dns", 110, ("dns", 110)))
        self.assertIsNone(LinkError(causes.TLS).detail)

    def test_one_root(self):
        for kind in (ConfigError, CredentialError, LinkError):
            self.assertTrue(issubclass(kind, AgentError))
        self.assertFalse(issubclass(AgentError, OSError))


class TestWifi(unittest.TestCase):
    def test_numbers_of_both_ports(self):
        for status, word in (
            (-2, causes.NO_ACCESS_POINT),
            (201, causes.NO_ACCESS_POINT),
            (-3, causes.WRONG_PASSWORD),
            (202, causes.WRONG_PASSWORD),
            (204, causes.WRONG_PASSWORD),
            (15, causes.WRONG_PASSWORD),
        ):
            self.assertEqual(causes.from_wifi(status), word)

    def test_a_number_that_tells_nothing_stays(self):
        for status in (-1, 0, 1, 2, 3, 200, 1000, 1001, 1010):
            self.assertEqual(causes.from_wifi(status), status)

    def test_what_a_user_hears_of_several_networks(self):
        tell = causes.most_telling
        self.assertEqual(tell(["wrong-password", "no-address", "no-access-point"]), "no-address")
        self.assertEqual(tell(["no-access-point", "wrong-password", 1001]), "wrong-password")
        self.assertEqual(tell([1001, "no-access-point"]), "no-access-point")
        self.assertEqual(tell([0, 1001]), 1001)

    def test_each_has_its_own_words(self):
        texts = [causes.text(causes.NO_WIFI, detail) for detail in WIFI_DETAILS]
        self.assertEqual(len(set(texts)), len(WIFI_DETAILS))
        for text in texts:
            self.assertTrue(10 < len(text) < 120, text)
        self.assertEqual(causes.text(causes.NO_WIFI, 1001), causes.text(causes.NO_WIFI))
