"""What happened to connections and messages, in the words of the service's trace queries."""

import itertools
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

KEPT = 10_000
"""Entries kept of either kind; the oldest go first."""


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


class MessageAction(StrEnum):
    """What happened to a message; `code` and `info` are the service's ActionCode and ActionInfo."""

    PUB_MQTT = "pub_mqtt"
    """A client published it."""
    PUB_MQ = "pub_mq"
    """SendMessage published it: assumed, the service names it for messages from RocketMQ."""
    SUB = "sub"
    """It was sent to a client that was online."""
    PUSH_OFFLINE = "push_offline"
    """It was sent to a client that had been away."""

    @property
    def code(self) -> str:
        return f"mqtt.trace.action.msg.{self.value.replace('_', '.')}"

    @property
    def info(self) -> str:
        return _MESSAGE_INFO[self]


_MESSAGE_INFO = {
    MessageAction.PUB_MQTT: "Pub From Mqtt Client",
    MessageAction.PUB_MQ: "Pub From MQ",
    MessageAction.SUB: "Push To Mqtt Client",
    MessageAction.PUSH_OFFLINE: "Push Offline Msg To Mqtt Client",
}


@dataclass(frozen=True, slots=True)
class MessageTrace:
    """One step of a message; `client_id` is its sender (empty for SendMessage) or its receiver."""

    time_ms: int
    msg_id: str
    topic: str
    client_id: str
    action: MessageAction


class Trace:
    """The last entries, and whoever wants to hear of each that is about a connection."""

    def __init__(
        self,
        clock: Callable[[], float],
        listener: Callable[[TraceEntry], None] | None = None,
        *,
        messages: int = KEPT,
    ) -> None:
        self._clock = clock
        self._listener = listener
        self._entries: deque[TraceEntry] = deque(maxlen=KEPT)
        # Plain tuples, made into MessageTrace when asked for: every message passes here.
        self._messages: deque[tuple[float, int, str, str, MessageAction]] = deque(maxlen=messages)
        self._run = secrets.token_hex(8).upper()
        self._numbers = itertools.count(1)

    @property
    def entries(self) -> list[TraceEntry]:
        """Oldest first; a copy."""
        return list(self._entries)

    @property
    def messages(self) -> list[MessageTrace]:
        """Steps of messages, oldest first; a copy."""
        return [
            MessageTrace(int(at_s * 1000), self.msg_id(number), topic, client_id, action)
            for at_s, number, topic, client_id, action in list(self._messages)
        ]

    def msg_id(self, number: int) -> str:
        """The MsgId of the message that `published` numbered: 32 hexadecimal digits."""
        return f"{self._run}{number:016X}"

    def published(self, topic: str, client_id: str, action: MessageAction) -> int:
        """A message came in; its number from now on."""
        number = next(self._numbers)
        self._messages.append((self._clock(), number, topic, client_id, action))
        return number

    def pushed(self, number: int, topic: str, client_id: str, action: MessageAction) -> None:
        """A message went out to a client."""
        self._messages.append((self._clock(), number, topic, client_id, action))

    def add(self, client_id: str, channel_id: str, action: Action, info: Info, detail: str = "") -> None:
        """Enter an event now."""
        entry = TraceEntry(int(self._clock() * 1000), client_id, channel_id, action, info, detail)
        self._entries.append(entry)
        if self._listener is not None:
            self._listener(entry)
