"""The faults that are set: added, counted, decided on, removed; from any thread."""

import asyncio
import random
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from host_tools.errors import ToolError, UsageError
from host_tools.twin.faults.rules import Event, Fault

MAX_FAULTS = 1000
_MAX_COUNTED = 20_000
"""Connections or clients that one rule counts apart; the longest unseen are forgotten."""


@dataclass(slots=True)
class _Tally:
    met: int = 0
    hits: int = 0


@dataclass(slots=True)
class _Entry:
    fault: Fault
    until_s: float
    chance: random.Random
    tallies: OrderedDict[str, _Tally] = field(default_factory=OrderedDict)
    met: int = 0
    hits: int = 0
    over: bool = False
    endings: dict[object, Callable[[], None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """A fault that is set: how many events it met and struck; `over` when it can strike no more."""

    number: int
    fault: Fault
    met: int
    hits: int
    over: bool

    def to_json(self) -> dict[str, Any]:
        facts = {"number": self.number, "met": self.met, "hits": self.hits, "over": self.over}
        return {**facts, **self.fault.to_json()}


@dataclass(frozen=True, slots=True)
class Decision:
    """A fault that strikes now.

    `at_end(call)`: run `call` once the fault is removed, in whatever thread; what it gives back forgets that.
    """

    number: int
    fault: Fault
    chance: random.Random
    at_end: Callable[[Callable[[], None]], Callable[[], None]]


class FaultBook:
    """Of the rules that strike on an event the one added first does; rules behind it do not see the event.

    Chance comes from `seed` and the order in which the rules were added: the same seed, rules and events
    give the same decisions. `clock` gives seconds that only grow.
    """

    def __init__(self, seed: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.seed = secrets.randbits(32) if seed is None else seed
        self._clock = clock
        self._changed = threading.Condition(threading.RLock())
        self._entries: dict[int, _Entry] = {}
        self._last = 0
        self._watchers: list[Callable[[], None]] = []
        self._openers: list[Callable[[Decision], None]] = []

    def add(self, fault: Fault | None = None, /, **fields: Any) -> int:
        """Set a fault, given whole or by its fields; its number. Raises UsageError."""
        made = fault if fault is not None else Fault(**fields)
        with self._changed:
            if len(self._entries) >= MAX_FAULTS:
                raise UsageError(f"{MAX_FAULTS} faults are set", where="faults", do="remove some")
            self._last += 1
            number = self._last
            until_s = self._clock() + made.lasts_s if made.lasts_s else float("inf")
            self._entries[number] = _Entry(made, until_s, random.Random(f"{self.seed}:{number}"))
        self._tell()
        self._strike_at_once(number, made)
        return number

    def remove(self, number: int) -> bool:
        """Take a fault away, and end what it still holds up; False if there is none."""
        with self._changed:
            entry = self._entries.pop(number, None)
            endings = list(entry.endings.values()) if entry else []
            self._changed.notify_all()
        if entry is None:
            return False
        self._tell()
        for ending in endings:
            ending()
        return True

    def clear(self) -> None:
        """Take every fault away."""
        for each in self.list():
            self.remove(each.number)

    def list(self) -> list[Listed]:
        """What is set, oldest first, also what is over."""
        with self._changed:
            return [
                Listed(number, entry.fault, entry.met, entry.hits, entry.over or self._is_late(entry))
                for number, entry in self._entries.items()
            ]

    def wait_hit(self, number: int, hits: int = 1, timeout_s: float = 5.0) -> None:
        """Block until a fault has struck so often. ToolError if it does not in time, or is not there."""
        with self._changed:
            self._changed.wait_for(lambda: self._hits(number) >= hits, timeout_s)
            seen = self._hits(number)
        if seen == float("inf"):
            raise ToolError("is not set", where=f"fault {number}", do="add it first")
        if seen < hits:
            raise ToolError(f"struck {seen} times in {timeout_s:g} s, not {hits}", where=f"fault {number}")

    async def until_hit(self, number: int, hits: int = 1, timeout_s: float = 5.0) -> None:
        """`wait_hit` for those who run on the twin's own loop."""
        await asyncio.to_thread(self.wait_hit, number, hits, timeout_s)

    # For those that play the faults.

    def decide(self, event: Event) -> Decision | None:
        """The fault that strikes on `event`; counts it."""
        with self._changed:
            number = next((each for each in self._entries if self._asked(each, event)), 0)
            if not number:
                return None
            entry = self._entries[number]
            self._changed.notify_all()
        if entry.over:
            self._tell()
        return self._decision(number, entry)

    def has(self, *places: str) -> bool:
        """Whether a fault that may still strike is set at one of these places."""
        with self._changed:
            return any(entry.fault.where in places and not entry.over for entry in self._entries.values())

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed`, in whatever thread, whenever `has` may have a new answer."""
        self._watchers.append(changed)
        changed()

    def unwatch(self, changed: Callable[[], None]) -> None:
        """Stop calling."""
        self._watchers.remove(changed)

    def play_listeners(self, play: Callable[[Decision], None]) -> None:
        """Faults at `listener` wait for no event: `play` has them as they are added, in that thread."""
        self._openers.append(play)

    def play_nothing(self, play: Callable[[Decision], None]) -> None:
        """Stop that."""
        self._openers.remove(play)

    # Inside.

    def _strike_at_once(self, number: int, fault: Fault) -> None:
        if fault.where != "listener":
            return
        decision = self.decide(Event("listener", listener=fault.listener))
        if decision is not None:
            for play in self._openers:
                play(decision)

    def _asked(self, number: int, event: Event) -> bool:
        entry = self._entries[number]
        if entry.over or not entry.fault.matches(event):
            return False
        entry.over = self._is_late(entry)
        return not entry.over and _strikes(entry, event)

    def _decision(self, number: int, entry: _Entry) -> Decision:
        def at_end(call: Callable[[], None]) -> Callable[[], None]:
            key = object()
            with self._changed:
                there = number in self._entries
                entry.endings[key] = call
            if not there:
                call()
            return lambda: self._forget(entry, key)

        return Decision(number, entry.fault, entry.chance, at_end)

    def _forget(self, entry: _Entry, key: object) -> None:
        with self._changed:
            entry.endings.pop(key, None)

    def _hits(self, number: int) -> float:
        entry = self._entries.get(number)
        return float("inf") if entry is None else entry.hits

    def _is_late(self, entry: _Entry) -> bool:
        return self._clock() >= entry.until_s

    def _tell(self) -> None:
        for changed in list(self._watchers):
            changed()


def _strikes(entry: _Entry, event: Event) -> bool:
    fault = entry.fault
    key = {"fault": "", "connection": event.connection, "client": event.client_id}[fault.per]
    tally = entry.tallies.setdefault(key, _Tally())
    entry.tallies.move_to_end(key)
    if len(entry.tallies) > _MAX_COUNTED:
        entry.tallies.popitem(last=False)
    tally.met += 1
    entry.met += 1
    if tally.met < fault.nth or (fault.times and tally.hits >= fault.times):
        return False
    if fault.probability < 1 and entry.chance.random() >= fault.probability:
        return False
    tally.hits += 1
    entry.hits += 1
    entry.over = fault.per == "fault" and tally.hits == fault.times
    return True
