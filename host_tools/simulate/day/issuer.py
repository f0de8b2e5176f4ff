"""The token server's calls in simulated time: who waits for which token, which call is made in which slot.

When to renew, what is still good, how many calls a window may have, and how long a service that fails is left
alone: all of that is the server's own code (`policy`, `pacing`, `breaker`), as are its numbers.
"""

from array import array
from collections import defaultdict, deque
from collections.abc import Callable

from host_tools.simulate.day.plan import PER_S, SLOT_MS, Day
from host_tools.simulate.day.tally import Tally
from host_tools.tokens import policy
from host_tools.tokens.breaker import Breaker
from host_tools.tokens.control import THREADS
from host_tools.tokens.issuer import BUSY_S, MOST_AT_ONCE
from host_tools.tokens.pacing import APPLY, Book, admit
from host_tools.tokens.policy import Standing

_REPLICA = "model"
Told = Callable[[float], None]
"""Called with 0 once there is a fresh token, else with the seconds until the service may be asked."""


class Issuer:
    """Tokens are numbers, those of one sharer beside each other. Times are ms of the day."""

    def __init__(self, day: Day, tally: Tally, random: Callable[[], float]) -> None:
        self._day = day
        self._tally = tally
        self._life_s = policy.life_s(day.life_s)
        self.kinds = len(day.tokens_of(0))
        count = day.sharers * self.kinds
        self.expires_ms = array("q", bytes(8 * count))
        self._spread = array("d", bytes(8 * count))
        self._breaker = Breaker(random)
        self._book = Book()
        self._queue: deque[int] = deque()
        self._waiting: dict[int, list[Told]] = {}
        self._under_way = 0
        self._ends: dict[int, list[tuple[int, int]]] = {}
        self._given_up: dict[int, list[tuple[int, Told]]] = defaultdict(list)

    def know(self, token: int, scope_key: str) -> None:
        """The spread of a token's scope."""
        self._spread[token] = policy.spread(scope_key)

    def standing(self, token: int, at_ms: int) -> Standing:
        """What may be done with it."""
        left_s = (self.expires_ms[token] - at_ms) / 1000
        return self._day.sharing.standing(self._day.life_s, left_s, self._spread[token])

    def obtain(self, token: int, slot: int, within_s: float, told: Told) -> None:
        """`told` hears of it, within that time."""
        if wait_s := self._closed_s(token, slot):
            told(wait_s)
            return
        self._wait_for(token).append(told)
        self._given_up[slot + round(within_s * PER_S)].append((token, told))

    def renew(self, token: int, slot: int) -> None:
        """In the background."""
        if not self._breaker.failing and len(self._waiting) < MOST_AT_ONCE:
            self._wait_for(token)

    def step(self, slot: int) -> None:
        """What happens in this slot beside the requests that come in it."""
        for token, expires_ms in self._ends.pop(slot, ()):
            self._ended(token, expires_ms, slot)
        for token, told in self._given_up.pop(slot, ()):
            if told in self._waiting.get(token, ()):
                self._waiting[token].remove(told)
                told(BUSY_S)
        while self._queue and self._under_way < THREADS and self._admitted(slot):
            self._call(self._queue.popleft(), slot)

    def _closed_s(self, token: int, slot: int) -> float:
        if token in self._waiting:
            return 0.0
        busy_s = BUSY_S if len(self._waiting) >= MOST_AT_ONCE else 0.0
        return self._breaker.closed_for_s(slot / PER_S) or busy_s

    def _wait_for(self, token: int) -> list[Told]:
        if token not in self._waiting:
            self._waiting[token] = []
            self._queue.append(token)
        return self._waiting[token]

    def _admitted(self, slot: int) -> bool:
        self._book, wait_ms = admit(self._book, APPLY, _REPLICA, slot * SLOT_MS)
        return not wait_ms

    def _call(self, token: int, slot: int) -> None:
        if wait_s := self._breaker.wait_s(slot / PER_S):
            self._tell(token, wait_s)
            return
        fails = self._day.service_out.covers(slot / PER_S)
        (self._tally.failed_calls if fails else self._tally.calls)[slot * SLOT_MS] += 1
        self._under_way += 1
        expires_ms = 0 if fails else slot * SLOT_MS + self._life_s * 1000
        end = slot + max(1, -(-self._day.call_ms // SLOT_MS))
        self._ends.setdefault(end, []).append((token, expires_ms))

    def _ended(self, token: int, expires_ms: int, slot: int) -> None:
        self._under_way -= 1
        if expires_ms:
            self._breaker.succeeded()
            self.expires_ms[token] = expires_ms
            self._tell(token, 0.0)
        else:
            self._breaker.failed(slot / PER_S)
            self._tell(token, self._breaker.pause_s)

    def _tell(self, token: int, wait_s: float) -> None:
        for told in self._waiting.pop(token):
            told(wait_s)
