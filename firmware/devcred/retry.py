"""When to try again: pure policy, no clock and no sleep of its own."""

from devcred import causes


class Escalation:
    """What to do about a network that stays away: turn the radio off and on, later reboot.

    Each once in an outage, after its own time; 0 leaves that step out.
    """

    def __init__(self, radio_ms, reboot_ms):
        self._steps = (("radio", radio_ms), ("reboot", reboot_ms))
        self._taken = []

    def begin(self):
        """A new outage."""
        self._taken = []

    def step(self, away_ms):
        """ "radio", "reboot" or None, `away_ms` into the outage."""
        for name, after_ms in self._steps:
            if after_ms and away_ms >= after_ms and name not in self._taken:
                self._taken.append(name)
                return name
        return None


class Backoff:
    """Full-jitter exponential back-off that forgets only after a stable spell.

    A delay is drawn evenly from 0 to a limit that doubles from `base_ms` up to `cap_ms`,
    so that a fleet that lost its server together does not come back together. Causes of
    the slow class wait about `slow_ms` each time (half to one and a half of it).

    `random_below(n)` gives a whole number from 0 to n - 1, seeded by the caller from
    something that differs from chip to chip.
    """

    def __init__(self, base_ms, cap_ms, slow_ms, stable_ms, random_below):
        self._base_ms = base_ms
        self._cap_ms = cap_ms
        self._slow_ms = slow_ms
        self._stable_ms = stable_ms
        self._random_below = random_below
        self.failures = 0

    def delay_ms(self, cause):
        """How long to wait after this failure; each call counts as one."""
        if causes.retry_class(cause) != causes.FAST:
            return self._slow_ms // 2 + self._random_below(self._slow_ms + 1)
        # The shift is bounded first: 2 ** failures would grow without end.
        limit = min(self._cap_ms, self._base_ms << min(self.failures, 20))
        self.failures += 1
        return self._random_below(limit + 1)

    def served(self, connected_ms):
        """Tell how long the link that was just lost had lasted."""
        if connected_ms >= self._stable_ms:
            self.failures = 0
