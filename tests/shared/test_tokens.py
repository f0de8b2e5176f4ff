"""Token mode's policy: when tokens are renewed, what a notice asks for, what an answer may hold."""

import json
import unittest

from asking import refusal, said, shown
from devcred import tokens
from devcred.tokens import Plan, Uptime

CANARY = "Canary7f3a"
CLIENT_ID = "GID_shop@@@till-1"
T0_S = 1_800_000_000
DAY_S = 86400


def least(_bound):
    """Draws the least."""
    return 0


def most(bound):
    """Draws the most."""
    return bound - 1


def fresh(left_s, renew_s=0, now_s=T0_S, up_s=0, draw=least):
    """The plan of tokens that were had at `up_s` with `left_s` to live; the server's clock stands at T0_S."""
    return Plan(draw).following(T0_S + left_s, left_s, renew_s, now_s, up_s)


def first_due_s(plan, now_s, most_s):
    """Seconds until the plan asks, looked at every second; `now_s(s)` is the clock."""
    for second in range(most_s + 1):
        if plan.due(now_s(second), second):
            return second
    return None


class TestUptime(unittest.TestCase):
    def test_over_any_number_of_wraps(self):
        ticks_ms, step_ms = 2**30 - 5, 6 * DAY_S * 1000 + 7
        uptime, passed_ms = Uptime(ticks_ms), 0
        for _ in range(1000):
            passed_ms += step_ms
            ticks_ms = (ticks_ms + step_ms) & (2**30 - 1)
            self.assertEqual(uptime.seconds(ticks_ms), passed_ms // 1000)

    def test_a_gap_of_12_days(self):
        uptime = Uptime(0)
        self.assertEqual(uptime.seconds(12 * DAY_S * 1000), 12 * DAY_S)

    def test_parts_of_a_second_are_not_lost(self):
        uptime = Uptime(0)
        for turn in range(1, 10001):
            seconds = uptime.seconds(turn * 20)
        self.assertEqual(seconds, 200)


class TestWhenToAsk(unittest.TestCase):
    def test_after_a_half_to_two_thirds_of_the_time(self):
        for left_s in (70, 3600, 30 * DAY_S):
            for now_s in (0, T0_S):
                late, early = fresh(left_s, now_s=now_s), fresh(left_s, now_s=now_s, draw=most)
                self.assertFalse(late.due(now_s and T0_S + left_s // 2, left_s // 2))
                self.assertTrue(early.due(now_s and T0_S + left_s // 2 + 1, left_s // 2 + 1))
                self.assertTrue(late.due(now_s and T0_S + left_s * 2 // 3 + 1, left_s * 2 // 3 + 1))

    def test_when_the_server_says(self):
        plan = fresh(3600, renew_s=1000)
        self.assertFalse(plan.due(T0_S + 999, 999))
        self.assertTrue(plan.due(T0_S + 1000, 1000))

    def test_a_server_that_says_nonsense(self):
        for renew_s in (0, -5, 3600, 10**9):
            self.assertEqual(fresh(3600, renew_s=renew_s).margin_s, 1200)

    def test_by_ticks_alone_where_no_clock_is_trusted(self):
        self.assertEqual(first_due_s(fresh(90, now_s=0), lambda _: 0, 90), 60)

    def test_by_the_clock_over_a_gap_in_which_ticks_stood_still(self):
        plan = fresh(3600)
        self.assertFalse(plan.due(T0_S + 100, 100))
        self.assertTrue(plan.due(T0_S + 3000, 101))

    def test_a_clock_that_is_wrong_at_the_fetch_is_not_gone_by(self):
        for off_s in (-DAY_S, DAY_S, 300):
            plan = fresh(90, now_s=T0_S + off_s)
            self.assertEqual(plan.left_s(T0_S + off_s + 10, 10), 80)
            self.assertEqual(first_due_s(plan, lambda s, off=off_s: T0_S + off + s, 90), 60)

    def test_a_clock_that_is_set_after_the_fetch(self):
        plan = fresh(3600, now_s=0)
        self.assertEqual(plan.left_s(0, 10), 3590)
        self.assertEqual(plan.left_s(T0_S + 20, 10), 3580)

    def test_never_twice_at_once_even_for_tokens_that_are_about_to_end(self):
        plan = fresh(2)
        self.assertEqual(first_due_s(plan, lambda s: T0_S + s, 10), 4)

    def test_a_fleet_spreads(self):
        seed = [1]

        def draw(bound):
            seed[0] = (seed[0] * 1103515245 + 12345) % 2**31
            return seed[0] // 7 % bound

        margins = [fresh(7200, draw=draw).margin_s for _ in range(600)]
        counts = [0] * 4
        for margin_s in margins:
            self.assertTrue(2400 <= margin_s <= 3600)
            counts[min(3, (margin_s - 2400) // 300)] += 1
        self.assertTrue(min(counts) > 100, counts)


class TestKept(unittest.TestCase):
    """Tokens from flash: only the clock can tell what is left."""

    def test_by_the_clock(self):
        plan = Plan(most, T0_S + 100, 30)
        self.assertEqual([plan.due(T0_S + s, 5) for s in (69, 70)], [False, True])
        self.assertEqual([plan.over(T0_S + s, 5) for s in (99, 100)], [False, True])

    def test_with_no_clock_soon_and_once(self):
        self.assertEqual(first_due_s(Plan(most, T0_S, 30), lambda _: 0, 1000), 31)
        self.assertEqual(first_due_s(Plan(most, T0_S, DAY_S), lambda _: 0, 1000), 601)
        self.assertFalse(Plan(least, T0_S, 30).over(0, DAY_S))

    def test_of_unknown_end(self):
        plan = Plan(least)
        self.assertIsNone(plan.left_s(T0_S, 10))
        self.assertEqual([plan.due(T0_S, s) for s in (10, 11)], [False, True])


class TestFailed(unittest.TestCase):
    def waits(self, draw, retry_s=0, count=9):
        plan, waits = Plan(draw), []
        for _ in range(count):
            plan.failed(1000, retry_s)
            waits.append(plan.wait_s(1000))
        return waits

    def test_doubling_up_to_a_cap_half_of_it_by_chance(self):
        self.assertEqual(self.waits(most), [4, 8, 16, 32, 64, 128, 256, 300, 300])
        self.assertEqual(self.waits(least), [2, 4, 8, 16, 32, 64, 128, 150, 150])
        self.assertEqual(self.waits(most, count=2000)[-1], 300)

    def test_as_long_as_the_server_says_and_no_longer_than_a_day(self):
        self.assertEqual(self.waits(least, 90, 3), [90, 90, 90])
        self.assertEqual(self.waits(least, 10**9, 1), [DAY_S])
        self.assertEqual(self.waits(least, -9, 1), [2])

    def test_nothing_is_asked_meanwhile(self):
        plan = Plan(least, T0_S, 30)
        plan.failed(0, 60)
        self.assertEqual([plan.due(T0_S, s) for s in (0, 59, 60)], [False, False, True])
        self.assertEqual([plan.wait_s(s) for s in (0, 59, 60, 99)], [60, 1, 0, 0])


class TestWarned(unittest.TestCase):
    def test_who_knows_better_goes_on(self):
        plan = fresh(70)
        plan.warned(T0_S + 70, T0_S, 0)
        self.assertEqual(first_due_s(plan, lambda s: T0_S + s, 70), 47)

    def test_who_thinks_to_have_longer_or_knows_nothing_asks_soon(self):
        for plan in (fresh(DAY_S, draw=most), Plan(most, 0, DAY_S)):
            plan.warned(T0_S + 300, T0_S, 50)
            self.assertEqual([plan.due(T0_S, s) for s in (50, 78, 79)], [False, False, True])

    def test_of_the_tokens_before_these(self):
        plan = fresh(DAY_S).following(T0_S + 2 * DAY_S, 2 * DAY_S, 0, T0_S, 0)
        plan.warned(T0_S + DAY_S, T0_S, 50)
        self.assertFalse(plan.due(T0_S, DAY_S))


class TestNotice(unittest.TestCase):
    EXPIRES, INVALID = b"$SYS/tokenExpireNotice", b"$SYS/tokenInvalidNotice"

    def test_both(self):
        self.assertEqual(
            tokens.notice(self.EXPIRES, b'{"expireTime": 1800000000999, "type": "R"}'), (T0_S, None)
        )
        self.assertEqual(tokens.notice(self.INVALID, b'{"code": -1, "type": "RW"}'), (None, -1))

    def test_anything_else_is_none(self):
        for topic in (self.EXPIRES, self.INVALID, b"$SYS/other"):
            for payload in (
                b"",
                b"\xff",
                b"7",
                b"[]",
                b"null",
                b"{}",
                b'{"expireTime": null, "code": []}',
                b'{"expireTime": "x", "code": "3"}',
                b'{"expireTime": 1.5, "code": 1.5}',
                b'{"expireTime": 1e999, "code": 1e999}',
                b"[" * 4000,
            ):
                self.assertIsNone(tokens.notice(topic, payload), payload)
        self.assertIsNone(tokens.notice(b"$SYS/other", b'{"code": 3, "expireTime": 1}'))

    def test_each_code_has_a_word(self):
        self.assertEqual(sorted(tokens.WORDS), [-1, 1, 2, 3, 4, 5, 8])
        self.assertEqual((tokens.WORDS[3], tokens.WORDS[tokens.ACCOUNT]), ("revoked", "account"))


class TestWire(unittest.TestCase):
    def test_the_proof_of_the_example_in_the_documentation(self):
        self.assertEqual(
            tokens.proof(
                b"k3y-example-0123456789-abcdefghijklmnopqrst",
                "tokens",
                CLIENT_ID,
                "AAAAAGklTkA.c29tZS1ub25jZQ",
            ),
            "d57b156156e4c51917ef9b7312b41de953cf6f0f299a7c86286bb1d02870e7e8",
        )

    def test_the_upload(self):
        self.assertEqual(json.loads(tokens.upload("RW", "a+/=")), {"token": "a+/=", "type": "RW"})

    def body(self, **changes):
        body = {
            "client_id": CLIENT_ID,
            "instance_id": "mqtt-x",
            "key_id": "LTAI",
            "tokens": {"W": "w+/=", "R": "r"},
            "expires_at_s": T0_S + 70,
            "expires_in_s": 70,
            "renew_in_s": 40,
            "username": "Token|LTAI|mqtt-x",
        }
        body.update(changes)
        return {key: body[key] for key in body if body[key] is not None}

    def test_tokens(self):
        own, left_s, renew_s = tokens.answer(self.body(), "tokens", CLIENT_ID)
        self.assertEqual((left_s, renew_s, own.expire_s), (70, 40, T0_S + 70))
        self.assertEqual((own.username, own.password()), ("Token|LTAI|mqtt-x", "R|r|W|w+/="))

    def test_a_device_credential(self):
        for name, signed in (("password", CANARY), ("secret", None)):
            body = self.body(tokens=None, **{name: CANARY})
            own, left_s, renew_s = tokens.answer(body, "credential", CLIENT_ID)
            self.assertEqual((left_s, renew_s, own.tokens), (0, 0, None))
            self.assertEqual(own.username, "DeviceCredential|LTAI|mqtt-x")
            self.assertTrue(own.password() == CANARY if signed else own.password() != CANARY)

    def test_what_is_no_answer(self):
        for body in (
            None,
            7,
            [],
            "x",
            {},
            self.body(client_id="GID_shop@@@till-2"),
            self.body(key_id=None),
            self.body(key_id="a|b" + CANARY),
            self.body(tokens={}),
            self.body(tokens={"X": CANARY}),
            self.body(tokens=[CANARY]),
            self.body(tokens=None),
            self.body(tokens=None, secret=CANARY),
            self.body(expires_at_s=None),
            self.body(expires_in_s="x" + CANARY),
            self.body(expires_in_s=[CANARY]),
            self.body(expires_in_s=0),
            self.body(expires_in_s=float("inf")),
        ):
            self.assertFalse(CANARY in str(refusal(tokens.answer, body, "tokens", CLIENT_ID)), body)
        both = self.body(tokens=None, secret=CANARY, password=CANARY)
        for body in (self.body(tokens=None), both):
            self.assertFalse(CANARY in str(refusal(tokens.answer, body, "credential", CLIENT_ID)), body)
        self.assertEqual(said(tokens.answer, {}, "tokens", CLIENT_ID), "answer: not as documented")
        shown_as = shown(refusal(tokens.answer, self.body(tokens=[CANARY]), "tokens", CLIENT_ID))
        self.assertFalse(CANARY in shown_as)
