"""The keeper of tokens at logins and through renewals."""

import unittest

from devcred import causes, tokens
from devcred.errors import LinkError
from keeper_world import INVALID, KeeperTest, World


class TestKeeper(KeeperTest, unittest.TestCase):
    # at login

    def test_with_nothing_stored_it_asks_and_keeps_what_the_server_took(self):
        keeper = self.keeper()
        self.assertEqual(keeper.ready().password(), "RW|t1")
        self.assertIsNone(self.world.stored)
        keeper.accepted()
        self.assertEqual(self.world.stored, "RW|t1")
        self.assertEqual(self.world.asked, ["tokens"])

    def test_what_is_kept_is_used_at_every_boot_and_reconnect(self):
        keeper = self.keeper(self.held())
        for _ in range(5):
            self.assertEqual(keeper.ready().password(), "RW|kept")
            keeper.accepted()
            self.assertEqual(keeper.lost(causes.CLOSED, 0)[:2], (causes.CLOSED, 0))
        self.assertEqual(self.world.asked, [])

    def test_what_has_ended_meanwhile_is_not_tried(self):
        self.world.passed_ms = 2000 * 1000
        self.assertEqual(self.keeper(self.held()).ready().password(), "RW|t1")

    def test_with_no_clock_it_is_tried_and_refused_once(self):
        self.world.clock = False
        self.world.passed_ms = 2000 * 1000
        keeper = self.keeper(self.held())
        self.assertEqual(keeper.ready().password(), "RW|kept")
        self.assertEqual(keeper.lost(causes.REFUSED, 5)[:2], (causes.TOKEN, 5))
        self.assertEqual(keeper.ready().password(), "RW|t1")

    def test_near_its_end_a_new_one_is_had_before_the_login_if_the_server_is_there(self):
        self.world.passed_ms = 700 * 1000
        self.assertEqual(self.keeper(self.held()).ready().password(), "RW|t1")
        self.world.answers = [LinkError(causes.DNS, "x")]
        self.assertEqual(self.keeper(self.held()).ready().password(), "RW|kept")

    def test_without_any_it_waits_as_long_as_the_server_says(self):
        busy = LinkError(causes.SERVER_BUSY, "token-server-503 unavailable")
        busy.retry_s = 90
        self.world.answers = [busy]
        keeper = self.keeper()
        error = self.failure(keeper.ready)
        self.assertEqual((error.cause, error.detail), (causes.SERVER_BUSY, "token-server-503 unavailable"))
        self.assertEqual(keeper.wait_ms(), 90000)
        self.world.passed_ms += 90000
        self.assertEqual((keeper.wait_ms(), keeper.ready().password()), (0, "RW|t2"))
        self.assertEqual(len(self.world.asked), 2)

    def test_fresh_ones_refused_are_for_a_person(self):
        keeper = self.keeper()
        for turn in range(1, 4):
            self.assertEqual(keeper.ready().password(), "RW|t%d" % turn)
            self.assertEqual(keeper.lost(causes.REFUSED, 5)[:2], (causes.REFUSED, 5))
            self.world.passed_ms += 300 * 1000
        self.assertIsNone(self.world.stored)

    # in a session

    def test_renewal_in_time_uploaded_and_then_kept(self):
        keeper = self.running()
        self.assertFalse(any(self.steps(keeper, 449)))
        self.assertEqual(self.steps(keeper, 2), [True, True])
        self.assertEqual(self.world.posted, [(tokens.UPLOAD, "RW", "t2", 0)])
        self.assertEqual(self.world.stored, "RW|t1")
        self.acknowledge()
        # The turn that sees the acknowledgement, then all may speak; the server may still protest.
        self.assertEqual(self.steps(keeper, 4), [True, False, False, False])
        self.assertEqual(self.world.stored, "RW|t1")
        self.steps(keeper, 1)
        self.assertEqual(self.world.stored, "RW|t2")
        self.assertEqual(len(self.world.asked), 2)

    def test_by_ticks_alone_over_many_weeks(self):
        self.world.clock = False
        self.world.life_s = 10 * 86400
        keeper = self.running()
        for turn in range(2, 12):
            self.world.passed_ms += 5 * 86400 * 1000 + 1000
            self.steps(keeper, 2)
            self.acknowledge()
            self.steps(keeper, 6)
            self.assertEqual(self.world.stored, "RW|t%d" % turn)

    def test_several_types_one_after_the_other_and_only_what_is_new(self):
        self.world.answers = [self.world.given("a", ("W", "R")), self.world.given("b", ("R", "RW", "W"))]
        self.world.answers[1]["tokens"]["R"] = "a"
        keeper = self.running()
        for _ in range(451):
            self.steps(keeper, 1)
        for _ in range(2):
            self.acknowledge()
            self.steps(keeper, 2)
        self.assertEqual(sorted(each[1] for each in self.world.posted), ["RW", "W"])
        self.steps(keeper, 5)
        self.assertEqual(self.world.stored, "R|a|W|b|RW|b")

    def test_an_upload_that_is_not_acknowledged_is_sent_again_under_its_id(self):
        keeper = self.running()
        self.steps(keeper, 462)
        self.assertEqual([again for *_, again in self.world.posted], [0, 1, 1])
        self.world.acknowledged = 1
        self.steps(keeper, 6)
        self.assertEqual(self.world.stored, "RW|t2")

    def test_one_that_never_is_gives_up_the_link_and_logs_in_with_the_new_one(self):
        keeper = self.running()
        error = self.failure(self.steps, keeper, 600)
        self.assertEqual((error.cause, error.detail), (causes.LINK_LOST, tokens.UPLOAD))
        self.assertEqual(len(self.world.posted), 12)
        keeper.lost(error.cause, error.detail)
        self.assertEqual((keeper.ready().password(), self.world.stored), ("RW|t2", "RW|t1"))
        keeper.accepted()
        self.assertEqual((self.world.stored, len(self.world.asked)), ("RW|t2", 2))

    def test_a_link_lost_with_the_acknowledgement(self):
        keeper = self.running()
        self.steps(keeper, 451)
        self.assertEqual(keeper.lost(causes.LINK_LOST, "timeout")[:2], (causes.LINK_LOST, "timeout"))
        # Refused: the stored one serves on.
        self.assertEqual(keeper.ready().password(), "RW|t2")
        self.assertEqual(keeper.lost(causes.REFUSED, 5)[:2], (causes.TOKEN, 5))
        self.assertEqual(keeper.ready().password(), "RW|t1")
        keeper.accepted()
        self.assertFalse(keeper.step(self.world))
        self.steps(keeper, 6)
        self.assertEqual(self.world.posted[-1][2], "t3")

    def test_a_protest_with_or_without_an_acknowledgement_leaves_the_stored_one(self):
        for acknowledged in (False, True):
            self.world = World()
            keeper = self.running()
            self.steps(keeper, 451)
            if acknowledged:
                self.acknowledge()
                self.steps(keeper, 1)
            keeper.notice(INVALID, b'{"code": 8, "type": "RW"}')
            self.assertEqual(keeper.lost(causes.CLOSED, 0)[:2], (causes.TOKEN, "signature"))
            self.assertEqual((self.world.stored, keeper.ready().password()), ("RW|t1", "RW|t1"))

    def test_a_server_that_is_away_is_asked_less_and_less_and_in_time(self):
        self.world.life_s = 90 * 60
        keeper = self.running()
        self.world.answers = [LinkError(causes.NO_SERVER, "x")] * 14
        self.assertFalse(any(self.steps(keeper, 45 * 60 + 20 * 60)))
        self.assertEqual(len(self.world.asked), 15)
        self.world.answers = []
        for _ in range(310):
            if any(self.steps(keeper, 1)):
                break
        self.steps(keeper, 1)
        self.assertEqual(self.world.posted[0][2], "t16")

    def test_no_room_for_a_second_tls_session(self):
        keeper = self.running()
        self.world.answers = [MemoryError()]
        error = self.failure(self.steps, keeper, 460)
        self.assertEqual((error.cause, error.detail), (causes.TOKEN, "memory"))
        self.assertEqual(keeper.lost(error.cause, error.detail)[:2], (causes.TOKEN, "memory"))
        self.assertEqual(keeper.ready().password(), "RW|t3")

    def test_what_a_session_cannot_change_takes_a_login(self):
        for kinds, key_id in ((("R",), "LTAI"), (("RW",), "LTAJ")):
            self.world = World()
            keeper = self.running()
            self.world.answers = [self.world.given("new", kinds, key_id)]
            error = self.failure(self.steps, keeper, 460)
            self.assertEqual((error.cause, error.detail), (causes.TOKEN, "scope"))
            keeper.lost(error.cause, error.detail)
            self.assertEqual(keeper.ready().password(), kinds[0] + "|new")

    def test_flash_that_does_not_take_it(self):
        keeper = self.keeper()
        self.world.full = True
        keeper.ready()
        keeper.accepted()
        keeper.lost(causes.LINK_LOST, 0)
        self.assertEqual((keeper.ready().password(), self.world.stored), ("RW|t1", None))

    def test_the_same_tokens_again(self):
        keeper = self.running()
        self.world.answers = [self.world.given("t1")]
        self.assertFalse(any(self.steps(keeper, 460)))
        self.assertEqual((self.world.posted, len(self.world.asked)), ([], 2))
