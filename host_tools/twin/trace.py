"""The connection trace, in the words of the service's QueryMqttTraceDevice."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

KEPT = 10_000
"""Entries kept; the oldest go first."""


class Action(StrEnum):
    """What happened; `code` is the service's ActionCode."""

    CONNECT = "connect"
    CLOSE = "close"
    DISCONNECT = "disconnect"

    @property
    def code(self) -> str:
        return f"mqtt.trace.action.{self.value}"


class Info(StrEnum):
    """Why: the values of ActionInfo that the service documents, and one of our own at the end."""

    ACCEPTED = "accepted"
    NOT_AUTHORIZED = "not authorized"
    CONFLICT = "clientId conflict"
    RESOURCE = "resource auth failed"
    NO_HEART = "no heart"
    BY_CLIENT = "closed by client"
    INVALID = "invalid param"
    SOCKET = "Socket IOException"
    DISCONNECTED = "disconnected by client"
    BY_SERVER = "closed by server"
    """Assumed: the service names no word for CloseConnection or its own end."""


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One event; `client_id` is empty before a CONNECT, `detail` says more in our own words."""

    time_ms: int
    client_id: str
    channel_id: str
    action: Action
    info: Info
    detail: str = ""

    @property
    def code(self) -> str:
        return self.action.code


class Trace:
    """The last entries, and whoever wants to hear of each."""

    def __init__(
        self, clock: Callable[[], float], listener: Callable[[TraceEntry], None] | None = None
    ) -> None:
        self._clock = clock
        self._listener = listener
        self._entries: deque[TraceEntry] = deque(maxlen=KEPT)

    @property
    def entries(self) -> list[TraceEntry]:
        """Oldest first; a copy."""
        return list(self._entries)

    def add(self, client_id: str, channel_id: str, action: Action, info: Info, detail: str = "") -> None:
        """Enter an event now."""
        entry = TraceEntry(int(self._clock() * 1000), client_id, channel_id, action, info, detail)
        self._entries.append(entry)
        if self._listener is not None:
            self._listener(entry)
