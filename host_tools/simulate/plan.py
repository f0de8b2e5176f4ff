"""What is simulated: how many devices, under which policy, against which service."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from devcred import config, retry

_DEFAULTS = config.check({"client_id": "GID_fleet@@@1", "host": "localhost"})
KEEPALIVE_S: int = _DEFAULTS["keepalive_s"]
CONNECT_TIMEOUT_S: float = _DEFAULTS["connect_timeout_ms"] / 1000
_MASK = (1 << 64) - 1


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The times of the shipped back-off; the defaults are the agent's own."""

    base_ms: int = _DEFAULTS["retry_base_ms"]
    cap_ms: int = _DEFAULTS["retry_cap_ms"]
    slow_ms: int = _DEFAULTS["refused_retry_ms"]
    spread_ms: int = _DEFAULTS["retry_spread_ms"]
    stable_ms: int = retry.STABLE_MS

    def backoff(self, draw: "Draw") -> retry.Backoff:
        """One device's back-off: the agent's class itself."""
        return retry.Backoff(self.base_ms, self.cap_ms, self.slow_ms, self.stable_ms, self.spread_ms, draw)


class Draw:
    """A device's source of random numbers: `draw(n)` is from 0 to n - 1.

    A linear congruential generator (the multiplier is Knuth's MMIX one) of which the upper bits are
    used: 64 bits of state, where a million of the library's would take 2.5 GB.
    """

    __slots__ = ("_state",)

    def __init__(self, state: int) -> None:
        self._state = state

    def __call__(self, bound: int) -> int:
        self._state = state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return (state >> 32) * bound >> 32


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A storm. `limit_per_s`: connects that the service takes in a second, 0 for no limit.

    The server cuts every connection at 0 ms, is away for `outage_ms`, and the run ends when all are
    back, or after `within_ms`.
    """

    devices: int
    seed: int
    policy: Policy = field(default_factory=Policy)
    limit_per_s: int = 0
    outage_ms: int = 0
    connect_ms: int = 0
    """What the model takes for the time from a connect to its outcome; on the wire it takes its own."""
    within_ms: int = 900_000
    stood_ms: int = 3_600_000
    """How long the links are taken to have stood before the cut."""

    def backoffs(self) -> Iterator[retry.Backoff]:
        """Each device's back-off, with a seed of its own, the same ones for the same `seed`."""
        seeds = random.Random(self.seed)
        for _ in range(self.devices):
            yield self.policy.backoff(Draw(seeds.getrandbits(64)))
