"""When to try again: pure policy, no clock and no sleep of its own."""

from devcred import causes

# A link that held this long has proved itself; the back-off starts afresh after it.
STABLE_MS = 60000
# So many kicks in a row are no accident.
_KICKS = 3

# What a dead radio looks like from above.
DEAD_AIR = (causes.DNS, causes.NO_SERVER, causes.LINK_LOST)


class Escalation:
    """What to do by oneself about silence: turn the radio off and on, and reboot if no network comes.

    Each after its own time, the radio again and again; 0 leaves a step out. A server that
    answers, however badly, ends the silence; and where there is a network there is no reboot,
    since the server's absence is not ours to mend.
    """

    def __init__(self, radio_ms, reboot_ms):
        self._radio_ms = radio_ms
        self._reboot_ms = reboot_ms
        self.answered()

    def answered(self):
        """Somebody out there did."""
        self._silent_ms = self._away_ms = None

    def step(self, cause, passed_ms):
        """ "radio", "reboot" or None after a failure, `passed_ms` after the one before it."""
        away = cause == causes.NO_WIFI
        self._away_ms = _longer(self._away_ms, passed_ms) if away else None
        self._silent_ms = _longer(self._silent_ms, passed_ms) if away or cause in DEAD_AIR else None
        if self._reboot_ms and (self._away_ms or 0) >= self._reboot_ms:
            return "reboot"
        if self._radio_ms and (self._silent_ms or 0) >= self._radio_ms:
            self._silent_ms = 0
            return "radio"
        return None


def _longer(so_far_ms, passed_ms):
    # Time counts from the first failure of its kind on.
    return 0 if so_far_ms is None else so_far_ms + passed_ms


class Backoff:
    """Full-jitter exponential back-off that forgets only after a stable spell.

    A delay is drawn evenly from 0 to a limit that doubles from `base_ms` up to `cap_ms`.
    Causes of the slow class wait about `slow_ms` each time (half to one and a half of it).

    When the server closes a link that had stood, it may have closed every device's: the
    limit then begins at `spread_ms` (0: at the base) and doubles from there, so that a fleet
    that lost its server together does not come back together. docs/simulate.md has it measured.

    `random_below(n)` gives a whole number from 0 to n - 1, seeded by the caller from
    something that differs from chip to chip.
    """

    def __init__(self, base_ms, cap_ms, slow_ms, stable_ms, spread_ms, random_below):
        self._base_ms = base_ms
        self._cap_ms = cap_ms
        self._slow_ms = slow_ms
        self._stable_ms = stable_ms
        self._random_below = random_below
        self._doublings = 0
        while base_ms << self._doublings < spread_ms:
            self._doublings += 1
        self._kicks = 0
        self.failures = 0

    def lost(self, cause, connected_ms):
        """Tell of a loss: `connected_ms` since CONNACK, None if it never came to that.

        Returns the cause: the one given, but KICKED from the third time in a row on that the server
        closed a link before it was stable.
        """
        logged_in = connected_ms is not None
        # Below 0: a board's tick counter has gone round meanwhile, which takes days.
        stable = logged_in and not 0 <= connected_ms < self._stable_ms
        closed = cause == causes.CLOSED
        if stable:
            self.failures = self._doublings if closed else 0
        self._kicks = self._kicks + 1 if closed and logged_in and not stable else 0
        return causes.KICKED if self._kicks >= _KICKS else cause

    def delay_ms(self, cause):
        """How long to wait after this failure; each call counts as one."""
        if causes.retry_class(cause) != causes.FAST:
            return self._slow_ms // 2 + self._random_below(self._slow_ms + 1)
        # The shift is bounded first: 2 ** failures would grow without end.
        limit = min(self._cap_ms, self._base_ms << min(self.failures, 20))
        self.failures += 1
        return self._random_below(limit + 1)
