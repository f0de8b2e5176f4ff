"""The service's calls a second, shared fairly among replicas: who may call now, who waits how long. Pure.

One small book for each operation lies in the database; whoever wants to call reads and writes it in one
transaction. So the limit holds whatever the number of replicas, and none has to know the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pace:
    """`calls` in each window of `window_ms`."""

    calls: int
    window_ms: int


# The service counts in seconds whose beginning is not known, and any second touches eleven of these windows:
# at most 99 of ApplyToken's 100. Of RevokeToken's 5, any second touches five windows of one.
APPLY = Pace(9, 100)
REVOKE = Pace(1, 250)
_ACTIVE_MS = 1000
"""A replica that has wanted nothing for so long leaves its share to the others."""


@dataclass(frozen=True, slots=True)
class Book:
    """The calls of the `window`, and when each replica last wanted one; numbers count windows since 1970."""

    window: int = 0
    used: Mapping[str, int] = field(default_factory=dict)
    wanted: Mapping[str, int] = field(default_factory=dict)


def admit(book: Book, pace: Pace, who: str, now_ms: int) -> tuple[Book, int]:
    """The book after `who` wanted a call, and the ms until it may ask again: 0 means that it may call now.

    Each active replica has an equal share of a window, at least one call; nobody goes beyond the whole.
    """
    # Replicas' clocks differ a little; time in the book does not go back.
    window = max(book.window, now_ms // pace.window_ms)
    used = dict(book.used) if window == book.window else {}
    since = window - _ACTIVE_MS // pace.window_ms
    wanted = {name: at for name, at in book.wanted.items() if at >= since} | {who: window}
    share = max(1, pace.calls // len(wanted))
    if sum(used.values()) >= pace.calls or used.get(who, 0) >= share:
        return Book(window, used, wanted), (window + 1) * pace.window_ms - now_ms
    used[who] = used.get(who, 0) + 1
    return Book(window, used, wanted), 0
