"""Each signed request once: dates that are near, nonces that are new, in bounded memory."""

import hashlib
import heapq

from host_tools.twin.api.errors import ApiError

_MAX_NONCES = 200_000


class Nonces:
    """Remembers a nonce for as long as a request with its date could be accepted.

    When the memory is full the oldest dates go, and no request that old is accepted any more: what was
    forgotten cannot be played again.
    """

    def __init__(self, window_s: float, limit: int = _MAX_NONCES) -> None:
        self._window_s = window_s
        self._limit = limit
        self._seen: set[bytes] = set()
        self._by_date: dict[int, list[bytes]] = {}
        self._dates: list[int] = []
        self._floor_s = float("-inf")

    def use(self, nonce: str, date_s: int, now_s: float) -> None:
        """Note a request, or raise ApiError if its date is off or its nonce known."""
        if abs(now_s - date_s) > self._window_s or date_s <= self._floor_s:
            raise ApiError("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
        # A digest: nonces of any length take the same room.
        mark = hashlib.blake2b(nonce.encode(), digest_size=16).digest()
        if not nonce or mark in self._seen:
            raise ApiError("SignatureNonceUsed", "Specified signature nonce was used already.")
        self._forget(now_s)
        self._seen.add(mark)
        if date_s not in self._by_date:
            self._by_date[date_s] = []
            heapq.heappush(self._dates, date_s)
        self._by_date[date_s].append(mark)

    def __len__(self) -> int:
        return len(self._seen)

    def _forget(self, now_s: float) -> None:
        while self._dates:
            oldest = self._dates[0]
            if oldest >= now_s - self._window_s and len(self._seen) < self._limit:
                return
            self._floor_s = heapq.heappop(self._dates)
            self._seen.difference_update(self._by_date.pop(oldest))
