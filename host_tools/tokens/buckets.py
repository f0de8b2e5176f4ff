"""How often a key (an address, an account) may do something: token buckets in bounded memory. Pure."""

from collections import OrderedDict


class Buckets:
    """`per_s` a second for each key, `burst` of them at once. Times are seconds of one clock."""

    def __init__(self, per_s: float, burst: float, most_keys: int = 65_536) -> None:
        self._per_s = per_s
        self._burst = burst
        self._most_keys = most_keys
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now_s: float, cost: float = 1.0) -> float:
        """0 if an act may be done, which then counts; else the seconds until it may."""
        level = self._now(key, now_s)
        wait_s = max(0.0, (1.0 - level) / self._per_s)
        if not wait_s:
            self._put(key, level - cost, now_s)
        return wait_s

    def charge(self, key: str, now_s: float, cost: float) -> None:
        """Counts what has turned out to be worth `cost` acts more; there may be a debt to wait for."""
        self._put(key, max(self._now(key, now_s) - cost, -self._burst), now_s)

    def _now(self, key: str, now_s: float) -> float:
        level, since_s = self._level.get(key, (self._burst, now_s))
        return min(self._burst, level + (now_s - since_s) * self._per_s)

    def _put(self, key: str, level: float, now_s: float) -> None:
        self._level[key] = (level, now_s)
        self._level.move_to_end(key)
        if len(self._level) > self._most_keys:
            self._level.popitem(last=False)
