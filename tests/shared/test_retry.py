"""When to try again: limits of every delay, jitter, and what makes the back-off forget."""

import unittest

from devcred import causes
from devcred.retry import Backoff, Escalation

BASE_MS, CAP_MS, SLOW_MS, STABLE_MS, SPREAD_MS = 1000, 120000, 300000, 60000, 16000


class Drawn:
    """A random source that keeps the bounds it was asked for and draws the least or the most."""

    def __init__(self, most):
        self.most = most
        self.bounds = []

    def __call__(self, bound):
        self.bounds.append(bound)
        return bound - 1 if self.most else 0


def backoff(draw, spread_ms=SPREAD_MS):
    """A back-off of the limits above."""
    return Backoff(BASE_MS, CAP_MS, SLOW_MS, STABLE_MS, spread_ms, draw)


class TestFast(unittest.TestCase):
    def test_the_limit_doubles_up_to_the_cap(self):
        policy = backoff(Drawn(most=True))
        delays = [policy.delay_ms(causes.LINK_LOST) for _ in range(9)]
        self.assertEqual(delays, [1000, 2000, 4000, 8000, 16000, 32000, 64000, 120000, 120000])

    def test_jitter_is_full(self):
        draw = Drawn(most=False)
        policy = backoff(draw)
        self.assertEqual([policy.delay_ms(causes.DNS) for _ in range(3)], [0, 0, 0])
        self.assertEqual(draw.bounds, [1001, 2001, 4001])

    def test_a_year_of_failures_stays_at_the_cap(self):
        policy = backoff(Drawn(most=True))
        for _ in range(5000):
            delay = policy.delay_ms(causes.NO_WIFI)
        self.assertEqual(delay, CAP_MS)

    def test_causes_share_one_count(self):
        policy = backoff(Drawn(most=True))
        fast = [cause for cause in causes.ALL if causes.retry_class(cause) == causes.FAST]
        delays = [policy.delay_ms(cause) for cause in fast[:4]]
        self.assertEqual(delays, [1000, 2000, 4000, 8000])


class TestSlow(unittest.TestCase):
    def test_half_to_one_and_a_half_each_time(self):
        slow = [cause for cause in causes.ALL if causes.retry_class(cause) == causes.SLOW]
        self.assertTrue(causes.REFUSED in slow)
        for cause in slow:
            for _ in range(3):
                self.assertEqual(backoff(Drawn(most=False)).delay_ms(cause), SLOW_MS // 2)
                self.assertEqual(backoff(Drawn(most=True)).delay_ms(cause), SLOW_MS + SLOW_MS // 2)

    def test_it_does_not_drive_the_fast_class_up(self):
        policy = backoff(Drawn(most=True))
        for _ in range(5):
            policy.delay_ms(causes.REFUSED)
        self.assertEqual(policy.delay_ms(causes.LINK_LOST), BASE_MS)


class TestLost(unittest.TestCase):
    def test_only_a_stable_spell_is_forgiven(self):
        for connected_ms, delay in (
            (None, 4000),
            (0, 4000),
            (STABLE_MS - 1, 4000),
            (STABLE_MS, BASE_MS),
            (STABLE_MS * 100, BASE_MS),
            (-1, BASE_MS),  # as a board's tick counter tells of a week
        ):
            policy = backoff(Drawn(most=True))
            policy.delay_ms(causes.LINK_LOST)
            policy.delay_ms(causes.LINK_LOST)
            self.assertEqual(policy.lost(causes.LINK_LOST, connected_ms), causes.LINK_LOST)
            self.assertEqual(policy.delay_ms(causes.LINK_LOST), delay)


class TestSpread(unittest.TestCase):
    def delays(self, cause, connected_ms, spread_ms=SPREAD_MS):
        policy = backoff(Drawn(most=True), spread_ms)
        policy.lost(cause, connected_ms)
        return [policy.delay_ms(cause) for _ in range(3)]

    def test_a_stable_link_that_the_server_closed(self):
        self.assertEqual(self.delays(causes.CLOSED, STABLE_MS), [16000, 32000, 64000])

    def test_no_other_loss_is_spread(self):
        at_once = [1000, 2000, 4000]
        self.assertEqual(self.delays(causes.CLOSED, STABLE_MS - 1), at_once)
        self.assertEqual(self.delays(causes.CLOSED, None), at_once)
        for cause in (causes.LINK_LOST, causes.NO_WIFI, causes.SERVER_BUSY):
            self.assertEqual(self.delays(cause, STABLE_MS), at_once)

    def test_it_is_met_or_exceeded_by_doubling_and_kept_below_the_cap(self):
        for spread_ms, first in ((0, 1000), (1000, 1000), (1001, 2000), (9000, 16000), (3600000, CAP_MS)):
            self.assertEqual(self.delays(causes.CLOSED, STABLE_MS, spread_ms)[0], first)

    def test_it_is_over_after_a_stable_spell_that_ends_otherwise(self):
        policy = backoff(Drawn(most=True))
        policy.lost(causes.CLOSED, STABLE_MS)
        policy.lost(causes.LINK_LOST, STABLE_MS)
        self.assertEqual(policy.delay_ms(causes.LINK_LOST), BASE_MS)


class TestKicked(unittest.TestCase):
    def named(self, *losses):
        policy = backoff(Drawn(most=False))
        return [policy.lost(cause, connected_ms) for cause, connected_ms in losses]

    def test_from_the_third_brief_link_in_a_row_on(self):
        named = self.named(*[(causes.CLOSED, STABLE_MS - 1)] * 5)
        self.assertEqual(named, ["closed", "closed", "kicked", "kicked", "kicked"])
        self.assertEqual(causes.retry_class(named[2]), causes.SLOW)

    def test_anything_else_between_begins_the_count_anew(self):
        brief = (causes.CLOSED, 10)
        for other in (
            (causes.CLOSED, STABLE_MS),
            (causes.CLOSED, None),
            (causes.LINK_LOST, 10),
            (causes.NO_SERVER, None),
        ):
            named = self.named(brief, brief, other, brief, brief, brief)
            self.assertEqual(named, ["closed", "closed", other[0], "closed", "closed", "kicked"])

    def test_links_that_stand_are_not_kicked(self):
        self.assertEqual(self.named(*[(causes.CLOSED, STABLE_MS)] * 5), ["closed"] * 5)


RADIO_MS, REBOOT_MS = 300, 900


def steps(policy, *failures):
    """What the policy does about each (cause, milliseconds since the one before)."""
    return [policy.step(cause, passed_ms) for cause, passed_ms in failures]


class TestEscalation(unittest.TestCase):
    def test_without_a_network_the_radio_again_and_again_then_a_reboot(self):
        policy = Escalation(RADIO_MS, REBOOT_MS)
        done = steps(policy, *[(causes.NO_WIFI, 100)] * 10)
        self.assertEqual(done, [None, None, None, "radio", None, None, "radio", None, None, "reboot"])

    def test_time_counts_from_the_first_failure(self):
        policy = Escalation(RADIO_MS, REBOOT_MS)
        self.assertEqual(steps(policy, (causes.NO_WIFI, 10**9), (causes.NO_WIFI, 299)), [None, None])
        self.assertEqual(policy.step(causes.NO_WIFI, 1), "radio")

    def test_silence_with_a_network_never_reboots(self):
        silent = (causes.DNS, causes.NO_SERVER, causes.LINK_LOST)
        policy = Escalation(RADIO_MS, REBOOT_MS)
        done = steps(policy, *[(silent[turn % 3], 100) for turn in range(1000)])
        self.assertEqual(set(done), {None, "radio"})
        self.assertEqual(done[:4], [None, None, None, "radio"])

    def test_a_server_that_answers_ends_the_silence(self):
        silent = (causes.NO_WIFI, causes.DNS, causes.NO_SERVER, causes.LINK_LOST)
        for cause in causes.ALL:
            if cause not in silent:
                policy = Escalation(RADIO_MS, REBOOT_MS)
                policy.step(causes.NO_WIFI, 0)
                self.assertEqual(set(steps(policy, *[(cause, 10000)] * 5)), {None}, cause)
                self.assertEqual(policy.step(causes.NO_WIFI, 10000), None, cause)

    def test_only_an_unbroken_want_of_a_network_reboots(self):
        policy = Escalation(RADIO_MS, REBOOT_MS)
        done = steps(policy, *[(causes.NO_WIFI, 100), (causes.NO_WIFI, 800), (causes.DNS, 50)] * 20)
        self.assertEqual(set(done), {None, "radio"})

    def test_a_login_ends_it(self):
        policy = Escalation(RADIO_MS, REBOOT_MS)
        policy.step(causes.NO_WIFI, 0)
        policy.step(causes.NO_WIFI, 299)
        policy.answered()
        self.assertEqual(policy.step(causes.NO_WIFI, 10000), None)

    def test_0_leaves_a_step_out(self):
        self.assertEqual(set(steps(Escalation(0, 0), *[(causes.NO_WIFI, 10**9)] * 9)), {None})
        self.assertEqual(steps(Escalation(0, 9), *[(causes.NO_WIFI, 9)] * 2), [None, "reboot"])
        self.assertEqual(steps(Escalation(9, 0), *[(causes.NO_WIFI, 9)] * 3), [None, "radio", "radio"])
