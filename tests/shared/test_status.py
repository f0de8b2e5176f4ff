"""What the LED shows of each state and cause, and when a button counts as held."""

import unittest

from asking import refusal
from devcred import causes, status

STATES = ("starting", "joining", "connecting", "online", "wiping")


def half_periods(shown, step_ms):
    """How often the LED changes in 8 s, looked at every step_ms."""
    seen = [status.lit(shown, ticks_ms) for ticks_ms in range(0, 8000, step_ms)]
    return len([i for i in range(1, len(seen)) if seen[i] != seen[i - 1]])


class TestStates(unittest.TestCase):
    def test_the_names_are_those_of_the_colors(self):
        self.assertEqual(status.COLORS, STATES + ("retrying", "attention"))
        named = (status.STARTING, status.JOINING, status.CONNECTING, status.ONLINE, status.WIPING)
        self.assertEqual(named, STATES)

    def test_steady_light(self):
        for shown in ("starting", "online"):
            for ticks_ms in range(0, 5000, 10):
                self.assertTrue(status.lit(shown, ticks_ms))

    def test_steady_however_long_it_lasts(self):
        # What the difference of two ticks is after days.
        for ticks_ms in (-1, -(1 << 29), (1 << 29) - 1):
            self.assertTrue(status.lit("online", ticks_ms))

    def test_even_blinking_faster_the_nearer_to_the_goal(self):
        self.assertEqual(half_periods("joining", 10), 9)
        self.assertEqual(half_periods("connecting", 10), 19)
        self.assertEqual(half_periods("wiping", 10), 79)

    def test_each_begins_lit(self):
        for shown in STATES + causes.ALL:
            self.assertTrue(status.lit(shown, 0), shown)

    def test_an_unknown_state_is_none(self):
        for call in (status.color, lambda shown: status.lit(shown, 0)):
            refusal(call, "no-such-state", error=KeyError)


class TestCauses(unittest.TestCase):
    def test_as_many_blinks_as_the_cause_has_then_a_pause(self):
        for cause in causes.ALL:
            count = causes.blinks(cause)
            period_ms = count * 400 + 1600
            states = [status.lit(cause, t) for t in range(0, period_ms, 50)]
            rises = [i for i in range(1, len(states)) if states[i] and not states[i - 1]]
            self.assertEqual(len(rises) + states[0], count)
            self.assertFalse(any(states[-1600 // 50 :]))

    def test_the_pattern_repeats(self):
        for t in range(0, 2400, 40):
            self.assertEqual(status.lit("no-credential", t), status.lit("no-credential", t + 2400))
            self.assertEqual(status.lit("no-credential", t), status.lit("no-credential", t + 24000))

    def test_edges(self):
        for ticks_ms, lit in (
            (199, True),
            (200, False),
            (400, True),
            (600, False),
            (2399, False),
            (2400, True),
        ):
            self.assertEqual(status.lit("no-credential", ticks_ms), lit)


class TestColors(unittest.TestCase):
    def test_a_states_own(self):
        for index, shown in enumerate(STATES):
            self.assertEqual(status.color(shown), index)

    def test_what_a_person_must_act_on_differs_from_what_heals_itself(self):
        for cause in causes.ALL:
            heals = causes.retry_class(cause) == causes.FAST
            self.assertEqual(status.COLORS[status.color(cause)], "retrying" if heals else "attention")


class TestHold(unittest.TestCase):
    def held(self, *looks):
        """After looks 100 ms apart, or (pressed, passed) pairs."""
        held_ms = -1
        for look in looks:
            pressed, passed_ms = look if isinstance(look, tuple) else (look, 100)
            held_ms = status.held_ms(held_ms, pressed, passed_ms)
        return held_ms

    def test_it_counts_while_it_is_down(self):
        self.assertEqual(self.held(0), 0)
        self.assertEqual(self.held(0, 1), 1)
        self.assertEqual(self.held(0, 1, 1, 1), 201)
        self.assertEqual(self.held(0, True, (True, 40)), 41)

    def test_letting_go_ends_it(self):
        self.assertEqual(self.held(0, 1, 1, 0), 0)
        self.assertEqual(self.held(0, 1, 1, 0, 1), 1)

    def test_what_was_down_from_the_start_is_not_held(self):
        self.assertEqual(self.held(*[1] * 500), -1)
        self.assertEqual(self.held(1, 1, 0, 1, 1), 101)

    def test_nobody_knows_what_it_did_while_nobody_looked(self):
        self.assertEqual(self.held(0, 1, (1, 20000)), 1)
        self.assertEqual(self.held(0, 1, (1, 999)), 1000)
        self.assertEqual(self.held(0, 1, (1, 1000), 1), 101)
