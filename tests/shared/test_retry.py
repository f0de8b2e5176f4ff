"""When to try again: limits of every delay, jitter, and what makes the back-off forget."""

import unittest

from devcred import causes
from devcred.retry import Backoff, Escalation

BASE_MS, CAP_MS, SLOW_MS, STABLE_MS = 1000, 120000, 300000, 60000


class Drawn:
    """A random source that keeps the bounds it was asked for and draws the least or the most."""

    def __init__(self, most):
        self.most = most
        self.bounds = []

    def __call__(self, bound):
        self.bounds.append(bound)
        return bound - 1 if self.most else 0


def backoff(draw):
    """A back-off of the limits above."""
    return Backoff(BASE_MS, CAP_MS, SLOW_MS, STABLE_MS, draw)


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


class TestServed(unittest.TestCase):
    def test_only_a_stable_spell_is_forgiven(self):
        for connected_ms, delay in (
            (0, 4000),
            (STABLE_MS - 1, 4000),
            (STABLE_MS, BASE_MS),
            (STABLE_MS * 100, BASE_MS),
        ):
            policy = backoff(Drawn(most=True))
            policy.delay_ms(causes.LINK_LOST)
            policy.delay_ms(causes.LINK_LOST)
            policy.served(connected_ms)
            self.assertEqual(policy.delay_ms(causes.LINK_LOST), delay)


class TestEscalation(unittest.TestCase):
    def test_each_step_once_after_its_own_time(self):
        policy = Escalation(300, 1800)
        policy.begin()
        steps = [policy.step(away_ms) for away_ms in (0, 299, 300, 301, 1799, 1800, 9999)]
        self.assertEqual(steps, [None, None, "radio", None, None, "reboot", None])

    def test_a_new_outage_begins_anew(self):
        policy = Escalation(300, 1800)
        policy.begin()
        policy.step(300)
        policy.begin()
        self.assertEqual(policy.step(10), None)
        self.assertEqual(policy.step(300), "radio")

    def test_0_leaves_a_step_out(self):
        policy = Escalation(0, 0)
        policy.begin()
        self.assertEqual(policy.step(10**9), None)
