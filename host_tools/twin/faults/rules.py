"""Faults as rules: what strikes, where, and on which events. Pure: no clock, no chance, no sockets."""

from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Self

from host_tools.errors import UsageError
from host_tools.twin.faults.vocabulary import check


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule. `vocabulary.PLACES` says which fields go together; UsageError names the one that does not.

    Empty text matches everything. Client IDs, server names (of the ClientHello) and operations take `*` and
    `?`, `topic` is an MQTT filter that a topic, or a filter of the packet, must match.
    """

    where: str
    what: str
    # On which events.
    listener: str = ""
    client_id: str = ""
    packet: str = ""
    topic: str = ""
    server_name: str = ""
    operation: str = ""
    # On how many of them.
    nth: int = 1
    """The first event to strike on, counted over those that match,"""
    per: str = "fault"
    """by this rule altogether, or for each connection or client by itself."""
    times: int = 1
    """How often it strikes (for each of those); 0 for no limit."""
    probability: float = 1.0
    lasts_s: float = 0.0
    """Seconds from `add` on that the rule is in force; 0 for ever."""
    # How it strikes.
    delay_ms: float = 0.0
    hold_s: float = 0.0
    """Length of a hole, or of a refusing listener; 0 until the rule is removed."""
    at_bytes: int = 0
    """What passes before: bytes of the packet, or of the connection in `direction`."""
    size_bytes: int = 16
    bytes_per_s: float = 0.0
    direction: str = "out"
    """`out` is towards the device."""
    then: str = "close"
    how: str = "rst"
    code: int = -1
    certificate: str = ""
    data: str = ""
    """Bytes, in hex."""
    status: int = 503
    error_code: str = "ServiceUnavailable"

    def __post_init__(self) -> None:
        check(self)

    @classmethod
    def from_json(cls, given: Any) -> Self:
        """The fault that a JSON object describes. Raises UsageError."""
        if not isinstance(given, dict):
            raise UsageError("must be a JSON object", where="fault")
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                raise UsageError(f"is no field; use one of {', '.join(known)}", where=str(name)[:40])
        for name in ("where", "what"):
            if name not in given:
                raise UsageError("must be given", where=name)
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        shown = {field.name: field.default for field in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != shown[name]}

    def matches(self, event: "Event") -> bool:
        """Whether this rule is about `event`, however often it came before."""
        return (
            self.where == event.where
            and self.listener in ("", event.listener)
            and self.packet in ("", event.packet)
            and _like(self.client_id, event.client_id)
            and _like(self.server_name, event.server_name)
            and _like(self.operation, event.operation)
            and (not self.topic or any(covers(self.topic, topic) for topic in event.topics))
        )


@dataclass(frozen=True, slots=True)
class Event:
    """What happens: `connection` tells it from others', `topics` are the packet's topics or filters."""

    where: str
    connection: str = ""
    listener: str = ""
    client_id: str = ""
    packet: str = ""
    topics: tuple[str, ...] = ()
    server_name: str = ""
    operation: str = ""


def covers(pattern: str, topic: str) -> bool:
    """Whether the filter `pattern` matches a topic, or everything that the filter `topic` does."""
    wanted, levels = pattern.split("/"), topic.split("/")
    for index, want in enumerate(wanted):
        if want == "#":
            return True
        if index == len(levels) or levels[index] == "#" or want not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


def _like(pattern: str, text: str) -> bool:
    return not pattern or fnmatchcase(text, pattern)
