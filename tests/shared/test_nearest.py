"""The nearest known name to a mistyped one."""

import unittest

from devcred.nearest import edits, nearest

KNOWN = ("keepalive_s", "heartbeat_s", "port", "host")


class TestNearest(unittest.TestCase):
    def test_a_slip_finds_its_name(self):
        for typed, meant in (
            ("keepalive", "keepalive_s"),
            ("keepaliv_s", "keepalive_s"),
            ("heatbeat_s", "heartbeat_s"),
            ("Port", "port"),
            ("hsot", "host"),
        ):
            self.assertEqual(nearest(typed, KNOWN), meant, typed)

    def test_the_name_itself_is_nearest(self):
        self.assertEqual(nearest("port", KNOWN), "port")

    def test_nothing_is_near(self):
        self.assertIsNone(nearest("telemetry", KNOWN))
        self.assertIsNone(nearest("", ("abcd",)))
        self.assertIsNone(nearest("port", ()))

    def test_the_limit_is_inclusive(self):
        self.assertEqual(nearest("abc", ("abcdef",)), "abcdef")
        self.assertIsNone(nearest("abc", ("abcdefg",)))
        self.assertEqual(nearest("abcdef", ("abcxyz",), most=3), "abcxyz")
        self.assertIsNone(nearest("abcdef", ("abcxyz",), most=2))

    def test_the_closest_wins_and_the_first_by_name_among_equals(self):
        self.assertEqual(nearest("cart", ("part", "carts", "cart-")), "cart-")
        self.assertEqual(nearest("hat", ("cat", "hats", "hat")), "hat")

    def test_any_collection_of_names_will_do(self):
        self.assertEqual(nearest("prot", {"port": 1, "host": 2}), "port")


class TestEdits(unittest.TestCase):
    def test_distances(self):
        for a, b, distance in (
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
            ("flaw", "lawn", 2),
        ):
            self.assertEqual(edits(a, b), distance, "%s %s" % (a, b))
            self.assertEqual(edits(b, a), distance, "%s %s" % (b, a))
