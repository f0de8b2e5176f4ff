"""The day in simulated time: a million devices in minutes, no sockets, no database.

Left out: the network, and how long a delivery takes; a server that is there answers at once, or when the
service has. One replica makes all the calls.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from host_tools.simulate.day.fleet import Fleet
from host_tools.simulate.day.issuer import Issuer
from host_tools.simulate.day.plan import PER_S, SLOT_MS, START_S, Day
from host_tools.simulate.day.tally import HOUR_S, Tally
from host_tools.simulate.model import no_garbage
from host_tools.tokens import policy
from host_tools.tokens.delivery import WITH_A_TOKEN_S, WITHOUT_S
from host_tools.tokens.policy import Standing

Progress = Callable[[int], None]
"""Told at each hour of the day, in seconds."""
_GOOD = (Standing.FRESH, Standing.AGEING)


def run(day: Day, progress: Progress = lambda _at_s: None) -> Tally:
    """The whole day."""
    with no_garbage():
        return _Model(day).run(progress)


@dataclass(slots=True, eq=False)
class _Request:
    """A device that waits for the service: for how many tokens, and what has come of the others."""

    device: int
    missing: int = 0
    degraded: bool = False
    retry_s: list[float] = field(default_factory=list)


class _Model:
    def __init__(self, day: Day) -> None:
        self._day = day
        self._tally = Tally(day)
        self._random = random.Random(day.seed)
        self._fleet = Fleet(day)
        self._issuer = Issuer(day, self._tally, self._random.random)
        self._slot = 0
        self._met = bytearray(day.sharers)

    def run(self, progress: Progress) -> Tally:
        for slot in range(self._fleet.slots):
            self._slot = slot
            self._issuer.step(slot)
            for device in self._fleet.asking(slot):
                self._asked(device)
            if slot % (HOUR_S * PER_S) == 0:
                progress(slot // PER_S)
        for device in range(self._day.devices):
            self._tally.late(self._fleet.expires_s(device), START_S + self._day.length_s)
        return self._tally

    def _asked(self, device: int) -> None:
        if self._day.server_out.covers(self._slot / PER_S):
            self._tally.came("unanswered", self._slot // PER_S)
            self._fleet.failed(device, 0, self._slot)
            return
        now = {token: self._issuer.standing(token, self._slot * SLOT_MS) for token in self._tokens(device)}
        short = [token for token, standing in now.items() if standing not in _GOOD]
        if not short:
            self._hand_out(device, "fresh")
            return
        request = _Request(device, missing=len(short))
        for token in short:
            within_s = WITHOUT_S if now[token] is Standing.SPENT else WITH_A_TOKEN_S
            self._issuer.obtain(token, self._slot, within_s, partial(self._told, request, token))

    def _tokens(self, device: int) -> range:
        sharer, kinds = self._day.sharer(device), self._issuer.kinds
        if not self._met[sharer]:
            self._met[sharer] = 1
            for number, scope in enumerate(self._day.tokens_of(device)):
                self._issuer.know(sharer * kinds + number, scope.key)
        return range(sharer * kinds, (sharer + 1) * kinds)

    def _told(self, request: _Request, token: int, wait_s: float) -> None:
        if wait_s:
            request.degraded = True
            if self._issuer.standing(token, self._slot * SLOT_MS) is Standing.SPENT:
                request.retry_s.append(wait_s)
        request.missing -= 1
        if request.missing:
            return
        if request.retry_s:
            retry_s = policy.retry_in_s(request.retry_s[0], self._random.random())
            self._tally.came("refused", self._slot // PER_S)
            self._fleet.failed(request.device, retry_s, self._slot)
        else:
            self._hand_out(request.device, "degraded" if request.degraded else "fresh")

    def _hand_out(self, device: int, how: str) -> None:
        day, at_ms = self._day, self._slot * SLOT_MS
        tokens = self._tokens(device)
        ends_ms = min(self._issuer.expires_ms[token] for token in tokens)
        left_s = (ends_ms - at_ms) / 1000
        expires_ms = START_S * 1000 + ends_ms
        number = policy.coming(day.client_id(device), expires_ms)
        now_s = at_ms // 1000
        self._tally.came(how, now_s)
        self._tally.late(self._fleet.expires_s(device), START_S + now_s)
        self._fleet.given(
            device, expires_ms // 1000, int(left_s), day.sharing.renew_in_s(left_s, number), self._slot
        )
        for token in tokens:
            if self._issuer.standing(token, at_ms) is Standing.AGEING:
                self._issuer.renew(token, self._slot)
