"""What an account may read and write, as the fewest tokens that grant just that. Pure."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from devcred import topics
from host_tools.tokens.policy import MAX_RESOURCES

CLIENT_ID = "{client_id}"
"""In a topic: stands for the client ID of the device that asks. Its tokens are then not shared."""
_LEVEL = re.compile(r"[A-Za-z0-9_-]+\Z")
_P2P_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Rights:
    """Topic resources, `+` and `#` as in a subscription; sorted, none twice."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()

    def joined(self, other: "Rights") -> "Rights":
        """What either allows."""
        return rights([*self.read, *other.read], [*self.write, *other.write])

    def of(self, client_id: str) -> "Rights":
        """For one device: its client ID in the place held for it."""
        return rights(
            (each.replace(CLIENT_ID, client_id) for each in self.read),
            (each.replace(CLIENT_ID, client_id) for each in self.write),
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """What one token grants: one type on one list of resources, for one length of life."""

    kind: str
    resources: tuple[str, ...]
    life_s: int

    @property
    def key(self) -> str:
        """The same for all devices that may share a token."""
        text = "\n".join((self.kind, str(self.life_s), *self.resources))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def rights(read: Iterable[str], write: Iterable[str]) -> Rights:
    """Sorted as ApplyToken wants it, none twice."""
    return Rights(tuple(sorted(set(read))), tuple(sorted(set(write))))


def scopes(granted: Rights, life_s: int) -> tuple[Scope, ...]:
    """One scope for each kind of permission: at most two, one where read and write are the same."""
    if granted.read == granted.write:
        return (Scope("RW", granted.read, life_s),) if granted.read else ()
    pairs = (("R", granted.read), ("W", granted.write))
    return tuple(Scope(kind, listed, life_s) for kind, listed in pairs if listed)


def check(granted: Rights) -> Rights:
    """Returns `granted`; ValueError names the topic that cannot be a resource, or a list that is too long."""
    for field, listed in (("read", granted.read), ("write", granted.write)):
        if len(listed) > MAX_RESOURCES:
            raise ValueError(f"{field}: {len(listed)} topics, a token has at most {MAX_RESOURCES}")
        for resource in listed:
            _check_resource(resource, field)
    return granted


def _check_resource(resource: str, field: str) -> None:
    levels = resource.split("/")
    for number, level in enumerate(levels):
        if not _is_level(level, last=number == len(levels) - 1, first=number == 0):
            raise ValueError(
                f"{field}: a topic's levels take letters, digits, '-' and '_', and below the first one "
                f"{CLIENT_ID}, + or, at the end, #"
            )
    # A client ID has no share in the length where a P2P topic ends with it.
    is_p2p = len(levels) == _P2P_LEVEL + 1 and levels[1] == "p2p" and levels[_P2P_LEVEL] == CLIENT_ID
    counted = len(resource) - (len(CLIENT_ID) if is_p2p else 0)
    if not topics.TOPIC_MIN_CHARS <= counted <= topics.TOPIC_MAX_CHARS:
        raise ValueError(
            f"{field}: a topic has {topics.TOPIC_MIN_CHARS} to {topics.TOPIC_MAX_CHARS} characters"
        )


def _is_level(level: str, *, first: bool, last: bool) -> bool:
    if level in ("+", CLIENT_ID):
        return not first
    return last and not first if level == "#" else bool(_LEVEL.match(level))


def is_plain(text: str) -> bool:
    """Letters, digits, `-` and `_`, at least one."""
    return bool(_LEVEL.match(text))
