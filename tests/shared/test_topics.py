"""Client IDs, Group IDs and topics, at their limits."""

import unittest

from asking import said
from devcred import topics

NOT_TEXT = (None, 0, 7, True, b"GID_test", ["GID_test"], {})
# Characters the service names as forbidden, blanks, other alphabets that isalpha() lets in.
FOREIGN = "/:,%@+#$. \t\n\0\u00e9\u4e2d\uff21\u0661~"


def client_id(characters):
    """A right client ID of that many characters."""
    return "GID_test@@@" + "d" * (characters - 11)


class TestClientId(unittest.TestCase):
    def test_right_ones_are_returned(self):
        for value in ("GID_abc@@@d", "GID-abc@@@0", "GID_Test@@@0001", "GID_a-b_c@@@-_9zZ"):
            self.assertEqual(topics.check_client_id(value), value)

    def test_64_characters_and_no_more(self):
        self.assertEqual(topics.check_client_id(client_id(64)), client_id(64))
        self.assertEqual(said(topics.check_client_id, client_id(65)), "client_id: 65 characters, at most 64")
        self.assertEqual(
            said(topics.check_client_id, client_id(1000)), "client_id: 1000 characters, at most 64"
        )

    def test_two_parts(self):
        for value in ("", "GID_test", "GID_test@@d", "GID_test@@@d@@@e", "@@@@@@"):
            self.assertEqual(
                said(topics.check_client_id, value), "client_id: must read <GroupID>@@@<DeviceID>"
            )

    def test_the_device_part(self):
        text = "client_id: the device ID takes letters, digits, '-' and '_'"
        self.assertEqual(said(topics.check_client_id, "GID_test@@@"), text)
        for char in FOREIGN:
            self.assertEqual(said(topics.check_client_id, "GID_test@@@a" + char), text, repr(char))

    def test_the_group_part_is_checked_under_the_client_id_name(self):
        self.assertEqual(
            said(topics.check_client_id, "GID_ab@@@d"),
            "client_id: the Group ID has 6 characters, must be 7 to 64",
        )
        self.assertTrue(said(topics.check_client_id, "@@@d").startswith("client_id: the Group ID must"))

    def test_not_text(self):
        for value in NOT_TEXT:
            self.assertEqual(said(topics.check_client_id, value), "client_id: must be text")

    def test_the_field_can_be_named(self):
        self.assertEqual(said(topics.check_client_id, None, "--client-id"), "--client-id: must be text")


class TestGroupId(unittest.TestCase):
    def test_7_to_64_characters(self):
        for length in (7, 8, 63, 64):
            value = "GID_" + "g" * (length - 4)
            self.assertEqual(topics.check_group_id(value), value)
        for length in (4, 6, 65):
            value = "GID-" + "g" * (length - 4)
            self.assertEqual(
                said(topics.check_group_id, value),
                "group_id: the Group ID has %d characters, must be 7 to 64" % length,
            )

    def test_the_beginning(self):
        for value in ("", "GID", "gid_test", "GID.test", "GIDtest", "XGID_test", " GID_test"):
            self.assertEqual(
                said(topics.check_group_id, value), "group_id: the Group ID must begin with GID_ or GID-"
            )

    def test_the_characters(self):
        for char in FOREIGN:
            self.assertEqual(
                said(topics.check_group_id, "GID_abc" + char),
                "group_id: the Group ID takes letters, digits, '-' and '_'",
            )

    def test_not_text(self):
        for value in NOT_TEXT:
            self.assertEqual(said(topics.check_group_id, value), "group_id: must be text")


class TestTopic(unittest.TestCase):
    def test_3_to_64_characters(self):
        for length in (3, 4, 63, 64):
            value = "a/" + "t" * (length - 2)
            self.assertEqual(topics.check_topic(value), value)
        for length in (0, 1, 2, 65, 66):
            self.assertEqual(
                said(topics.check_topic, "t" * length),
                "topic: %d characters, must be 3 to 64" % length,
            )

    def test_levels(self):
        for value in ("abc", "a/b", "devcred/telemetry", "a/b/c/d/e/f", "p2p/p2p", "A-_9/x"):
            self.assertEqual(topics.check_topic(value), value)

    def test_empty_levels_wildcards_and_foreign_characters(self):
        for char in FOREIGN.replace("/", ""):
            for value in ("abc" + char, "abc/" + char, char + "/abc", "a/b/c" + char):
                self.assertEqual(
                    said(topics.check_topic, value),
                    "topic: a level takes letters, digits, '-' and '_'",
                )
        for value in ("/abc", "abc/", "a//b", "///", "$SYS/uploadToken"):
            self.assertEqual(
                said(topics.check_topic, value), "topic: a level takes letters, digits, '-' and '_'"
            )

    def test_a_client_id_only_at_the_end_of_a_p2p_topic(self):
        self.assertEqual(topics.check_topic("abc/p2p/GID_test@@@d"), "abc/p2p/GID_test@@@d")
        for value in ("abc/GID_test@@@d", "abc/x/GID_test@@@d", "abc/p2p/GID_test@@@d/x", "p2p/GID_test@@@d"):
            self.assertEqual(
                said(topics.check_topic, value), "topic: a level takes letters, digits, '-' and '_'"
            )
        self.assertEqual(
            said(topics.check_topic, "abc/p2p/GID_test"), "topic: must read <GroupID>@@@<DeviceID>"
        )

    def test_not_text(self):
        for value in NOT_TEXT:
            self.assertEqual(said(topics.check_topic, value), "topic: must be text")


class TestParent(unittest.TestCase):
    def test_the_first_level_alone(self):
        for value in ("abc", "t" * 64):
            self.assertEqual(topics.check_parent(value), value)
        self.assertEqual(
            said(topics.check_parent, "abc/d"), "parent_topic: the first level only, with no '/'"
        )
        self.assertEqual(said(topics.check_parent, "ab"), "parent_topic: 2 characters, must be 3 to 64")
        self.assertEqual(said(topics.check_parent, "t" * 65), "parent_topic: 65 characters, must be 3 to 64")
        self.assertEqual(
            said(topics.check_parent, "ab+"), "parent_topic: a level takes letters, digits, '-' and '_'"
        )

    def test_not_text(self):
        for value in NOT_TEXT:
            self.assertEqual(said(topics.check_parent, value), "parent_topic: must be text")

    def test_of_a_topic(self):
        self.assertEqual(topics.parent("abc/d/e"), "abc")
        self.assertEqual(topics.parent("abc"), "abc")

    def test_p2p(self):
        topic = topics.p2p("abc", "GID_test@@@d")
        self.assertEqual(topic, "abc/p2p/GID_test@@@d")
        self.assertEqual(topics.check_topic(topic), topic)


class TestMatches(unittest.TestCase):
    def test_as_the_standard_has_it(self):
        for wanted, topic, expected in (
            ("a/b", "a/b", True),
            ("a/b", "a/c", False),
            ("a/b", "a/b/c", False),
            ("a/b/c", "a/b", False),
            ("a/+", "a/b", True),
            ("a/+", "a/b/c", False),
            ("a/+/c", "a/b/c", True),
            ("a/#", "a", True),
            ("a/#", "a/b/c", True),
            ("+/b", "a/b", True),
            ("a/+", "a", False),
        ):
            self.assertEqual(topics.matches(wanted, topic), expected, wanted + " " + topic)
