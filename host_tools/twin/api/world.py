"""What operations work on: the state, the settings, the trace, and the broker as far as they need it."""

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from host_tools.twin import policy
from host_tools.twin.broker.packets import Publish
from host_tools.twin.settings import Settings
from host_tools.twin.state import State
from host_tools.twin.trace import Trace

REGION_ID = policy.REGION_ID


class Sessions(Protocol):
    """The broker, seen from the control plane."""

    def is_online(self, client_id: str) -> bool: ...
    def disconnect(self, client_id: str) -> bool: ...
    def route(self, message: Publish, *, keep_p2p: bool) -> str:
        """Publish; the MsgId that the trace has for it."""
        ...


class Statuses:
    """What was last said of clients, repeated until it is `age_s` old. Bounded: the oldest goes first."""

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._said: dict[str, tuple[float, bool]] = {}

    def get(self, client_id: str, now_s: float, age_s: float, ask: Callable[[str], bool]) -> bool:
        """Whether `client_id` is online, or was within the last `age_s` seconds."""
        at_s, online = self._said.get(client_id, (now_s - age_s, False))
        if age_s and at_s <= now_s < at_s + age_s:
            return online
        online = ask(client_id)
        if age_s:
            self._said.pop(client_id, None)
            self._said[client_id] = (now_s, online)
            if len(self._said) > self._limit:
                del self._said[next(iter(self._said))]
        return online


@dataclass(frozen=True)
class World:
    """One instance, as `caller`, an AccessKey ID, finds it.

    `new_id` names requests; `clock` counts seconds from 1970.
    """

    state: State
    settings: Settings
    sessions: Sessions
    new_id: Callable[[], str] = lambda: str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)).upper()
    clock: Callable[[], float] = time.time
    trace: Trace = field(default_factory=lambda: Trace(time.time))
    statuses: Statuses = field(default_factory=Statuses)
    caller: str = ""

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return int(self.clock() * 1000)
