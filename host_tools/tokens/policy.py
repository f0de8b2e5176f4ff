"""When a token is handed out again, renewed or given up, and when a device is to come back. Pure.

A token is applied for with a whole `life_s` and shared by all devices of its scope. What the service's rules
say (help: ApplyToken) stands here as well.
"""

import hashlib
from dataclasses import dataclass
from enum import Enum

MIN_LIFE_S = 60
MAX_LIFE_S = 30 * 86_400
MAX_RESOURCES = 100
APPLY_MARGIN_S = 5
"""Asked for above the shortest life: a slow call, or clocks that differ, must not make it too short."""
_LATER_S = 2
"""Devices count whole seconds, so that one may come a second early; it would be given what it has already."""


class Standing(Enum):
    """What may be done with a token that the server holds."""

    FRESH = "hand it out"
    AGEING = "hand it out, and renew it in the background"
    OLD = "renew it first; hand it out if the service cannot be asked"
    SPENT = "of no use"


@dataclass(frozen=True, slots=True)
class Sharing:
    """Fractions of a token's whole life that are left.

    Above `share` it is handed out. A scope is renewed in the background from a point of its own between
    `early` and `late` on, so that scopes that began together do not renew together. Below `share` a device
    would get too little; down to `least` it is better than nothing. So a device holds `share` of a life or
    more, and it comes back before `come_by` of that is over: an outage of the rest costs no connection.
    """

    share: float = 0.5
    late: float = 0.55
    early: float = 0.75
    least: float = 0.1
    come_from: float = 0.5
    come_by: float = 0.75

    def standing(self, life_s: float, left_s: float, spread: float) -> Standing:
        """`spread` is the scope's own number from 0 to 1 (see `spread`)."""
        left = left_s / life_s
        if left < self.least:
            return Standing.SPENT
        if left < self.share:
            return Standing.OLD
        renew_at = self.late + (self.early - self.late) * spread
        return Standing.AGEING if left < renew_at else Standing.FRESH

    def renew_in_s(self, left_s: float, spread: float) -> int:
        """When a device that holds `left_s` is to ask again; `spread` is the device's own number, 0 to 1."""
        part = self.come_from + (self.come_by - self.come_from) * spread
        return min(int(left_s * part) + _LATER_S, int(left_s) - 1)


def life_s(wanted_s: int) -> int:
    """What to ask the service for: not less than it takes, not more than it gives."""
    return min(max(wanted_s, MIN_LIFE_S + APPLY_MARGIN_S), MAX_LIFE_S)


def retry_in_s(least_s: float, spread: float) -> int:
    """A wait of one to two times `least_s`, so that those who were refused together do not come together."""
    return max(1, round(least_s * (1 + spread)))


def coming(client_id: str, expires_ms: int) -> float:
    """A device's own number from 0 to 1 for when it comes again, another one for each set of tokens.

    By the minute of its end: a run that takes a moment longer is still the same run.
    """
    return spread(client_id, str(expires_ms // 60_000))


def spread(*words: str) -> float:
    """A number from 0 (included) to 1 (excluded) that stays the same for the same words."""
    digest = hashlib.sha256("\0".join(words).encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)
