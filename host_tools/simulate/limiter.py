"""A service that takes so many connects a second, and refuses what comes beyond."""

from devcred import causes

BUSY_CODE = 3
"""CONNACK "server unavailable": what a full instance answers (MQTT 3.1.1 table 3.1)."""
BUSY: str = causes.from_connack(BUSY_CODE)
_BURST_S = 0.1


class Limiter:
    """A token bucket: a tenth of a second's worth may come at once. 0 admits everybody."""

    def __init__(self, per_s: int) -> None:
        self._per_ms = per_s / 1000
        self._most = max(1.0, per_s * _BURST_S)
        self._tokens = self._most
        self._last_ms = 0.0

    def admits(self, now_ms: float) -> bool:
        """Whether a connect that comes now is taken; `now_ms` never goes back."""
        if not self._per_ms:
            return True
        self._tokens = min(self._most, self._tokens + (now_ms - self._last_ms) * self._per_ms)
        self._last_ms = now_ms
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
