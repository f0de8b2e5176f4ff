"""The keeper of tokens at what the service and the application server say, code by code."""

import json
import unittest

from devcred import causes
from devcred.credential import Credential
from devcred.errors import LinkError
from keeper_world import CLIENT_ID, EXPIRES, INVALID, T0_S, KeeperTest, World


class TestNotices(KeeperTest, unittest.TestCase):
    def test_the_notice_before_the_end(self):
        keeper = self.running(self.held(10**6))
        keeper.notice(EXPIRES, json.dumps({"expireTime": (T0_S + 300) * 1000, "type": "RW"}).encode())
        self.assertEqual(self.steps(keeper, 2), [True, True])
        self.assertEqual(self.world.posted[0][2], "t1")

    def test_each_code(self):
        for code, cause, word, password in (
            (1, causes.TOKEN, "forged", "RW|t1"),
            (2, causes.TOKEN, "expired", "RW|t1"),
            (3, causes.TOKEN, "revoked", "RW|t1"),
            (4, causes.CLOSED, "resource", "RW|kept"),
            (5, causes.CLOSED, "permission", "RW|kept"),
            (8, causes.TOKEN, "signature", "RW|t1"),
            (-1, causes.ACCOUNT, "account", "RW|t1"),
            (77, causes.TOKEN, 77, "RW|t1"),
        ):
            self.world = World()
            keeper = self.running(self.held())
            keeper.notice(INVALID, json.dumps({"code": code, "type": "RW"}).encode())
            self.assertEqual(keeper.lost(causes.CLOSED, 0)[:2], (cause, word))
            self.assertEqual(keeper.ready().password(), password)

    def test_a_topic_that_is_refused_for_certain(self):
        keeper = self.running(self.held())
        keeper.notice(INVALID, b'{"code": 4, "type": "RW"}')
        self.assertEqual(keeper.lost(causes.TOPIC_REFUSED, "a/b"), (causes.TOPIC_REFUSED, "a/b", True))
        self.assertEqual(keeper.lost(causes.TOPIC_REFUSED, "a/b"), (causes.TOPIC_REFUSED, "a/b", False))

    def test_of_the_old_ones_end_the_new_ones_are_not_guilty(self):
        keeper = self.running()
        self.steps(keeper, 451)
        keeper.notice(INVALID, b'{"code": 2, "type": "RW"}')
        self.assertEqual(keeper.lost(causes.CLOSED, 0)[:2], (causes.TOKEN, "expired"))
        self.assertEqual((keeper.ready().password(), len(self.world.asked)), ("RW|t2", 2))
        keeper.accepted()
        self.assertEqual(self.world.stored, "RW|t2")

    def test_other_messages_are_not_its_affair(self):
        keeper = self.running(self.held())
        for topic in (b"devcred/a", b"$SYS/x", INVALID):
            keeper.notice(topic, b"\xff")
        self.assertEqual(keeper.lost(causes.CLOSED, 0)[:2], (causes.CLOSED, 0))

    # a device credential

    def test_a_credential_that_was_replaced_is_asked_for(self):
        own = Credential(CLIENT_ID, "mqtt-x", "DC1", password="old")
        keeper = self.running(own)
        self.assertFalse(any(self.steps(keeper, 5)))
        self.assertEqual(keeper.lost(causes.REFUSED, 5)[:2], (causes.REFUSED, 5))
        answer = {"client_id": CLIENT_ID, "instance_id": "mqtt-x", "key_id": "DC2", "password": "new"}
        self.world.answers = [answer]
        self.assertEqual(keeper.ready().password(), "new")
        self.assertIsNone(self.world.stored)
        keeper.accepted()
        self.assertEqual((self.world.stored, self.world.asked), ("new", ["credential"]))

    def test_where_the_server_gives_none_the_old_one_is_tried_again(self):
        keeper = self.keeper(Credential(CLIENT_ID, "mqtt-x", "DC1", password="old"))
        keeper.ready()
        keeper.lost(causes.REFUSED, 5)
        refusal = LinkError(causes.ACCOUNT, "token-server-403 not-allowed")
        refusal.retry_s = 3600
        self.world.answers = [refusal] * 9
        for _ in range(6):
            self.assertEqual(keeper.ready().password(), "old")
            self.assertEqual(keeper.lost(causes.REFUSED, 5)[:2], (causes.REFUSED, 5))
            self.world.passed_ms += 300 * 1000
        self.assertEqual((len(self.world.asked), keeper.wait_ms()), (1, 0))
