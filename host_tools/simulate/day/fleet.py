"""The fleet's side: each device goes by the agent's own policy, `devcred.tokens.Plan`.

A device is a number. It is looked at when its plan says so, and the plan has the last word: where it is
not due after all, it is looked at again later.
"""

import random
from array import array
from collections.abc import Iterator

from devcred.tokens import Plan
from host_tools.simulate.day.plan import PER_S, START_S, Day
from host_tools.simulate.plan import Draw

_CUT_BACK_S = 60
_LOOK_AGAIN_S = 20
_ASK, _RESTART = 0, 1


class Fleet:
    """`asking(slot)` tells who asks; each of them is then answered by `given` or `failed`.

    A slot is a step of the day. What a device holds outlives its restarts, as on flash: the time of the
    tokens' end, and when to ask for others.
    """

    def __init__(self, day: Day) -> None:
        self.day = day
        self.slots = day.length_s * PER_S
        seeds = random.Random(day.seed)
        # Each its own, so that what one draws is not another's affair.
        self._draws = [Draw(seeds.getrandbits(64)) for _ in range(day.devices)]
        self._plans = [Plan(draw) for draw in self._draws]
        # The slot at which the device is looked at; what else lies in the buckets is out of date.
        self._next = array("q", bytes(8 * day.devices))
        self._due: dict[int, list[int]] = {}
        for device in range(day.devices):
            self._look_at(device, seeds.randrange(day.boot_s * PER_S))
            self._enter(seeds.randrange(day.boot_s * PER_S, self.slots), device, _RESTART)
            back_s = day.power_cut_s + seeds.randrange(_CUT_BACK_S)
            self._enter(back_s * PER_S + device % PER_S, device, _RESTART)

    def next_slot(self) -> int | None:
        """The first slot in which something may happen; None once nothing will."""
        return min(self._due, default=None)

    def asking(self, slot: int) -> Iterator[int]:
        """The devices that ask the token server in this slot."""
        for entry in self._due.pop(slot, ()):
            device, what = entry >> 1, entry & 1
            if what == _RESTART:
                self._restart(device, slot)
            elif self._next[device] == slot:
                if not self.expires_s(device) or self._plans[device].due(*self._times(device, slot)):
                    self._next[device] = -1
                    yield device
                else:
                    self._plan_ahead(device, slot)

    def given(self, device: int, expires_s: int, left_s: int, renew_s: int, slot: int) -> None:
        """The device has new tokens: the answer's `expires_at_s`, `expires_in_s` and `renew_in_s`."""
        now_s, up_s = self._times(device, slot)
        self._plans[device] = self._plans[device].following(expires_s, left_s, renew_s, now_s, up_s)
        self._plan_ahead(device, slot)

    def failed(self, device: int, retry_s: int, slot: int) -> None:
        """It asked in vain; `retry_s` is what it was told, 0 if nothing."""
        _, up_s = self._times(device, slot)
        self._plans[device].failed(up_s, retry_s)
        self._plan_ahead(device, slot)

    def expires_s(self, device: int) -> int:
        """When the first of its tokens ends, since 1970; 0 while it never had any."""
        return int(self._plans[device].expire_s)

    def _restart(self, device: int, slot: int) -> None:
        plan = self._plans[device]
        if not plan.expire_s or self._next[device] < 0:
            return  # it has nothing yet, or is being answered at this moment
        self._plans[device] = Plan(self._draws[device], plan.expire_s, plan.margin_s)
        self._plan_ahead(device, slot)

    def _plan_ahead(self, device: int, slot: int) -> None:
        now_s, up_s = self._times(device, slot)
        plan = self._plans[device]
        left_s = plan.left_s(now_s, up_s)
        if plan.expire_s and left_s is None:
            # It does not know what is left, and asks at a time that the plan draws and keeps.
            wait_s = 1 if plan.due(now_s, up_s) else _LOOK_AGAIN_S
        else:
            wait_s = max(plan.wait_s(up_s), 0 if left_s is None else left_s - plan.margin_s, 1)
        self._look_at(device, (up_s + wait_s) * PER_S + device % PER_S)

    def _times(self, device: int, slot: int) -> tuple[int, int]:
        up_s = slot // PER_S
        # 7919 is a prime, so that those without a clock are spread over all scopes.
        knows = device * 7919 % 100 >= self.day.clockless
        return (START_S + up_s if knows else 0), up_s

    def _look_at(self, device: int, slot: int) -> None:
        self._next[device] = slot
        self._enter(slot, device, _ASK)

    def _enter(self, slot: int, device: int, what: int) -> None:
        if slot < self.slots:
            self._due.setdefault(slot, []).append(device << 1 | what)
