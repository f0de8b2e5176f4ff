"""Topic filters (MQTT 3.1.1 section 4.7): is one well formed, and who subscribed to what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Who = TypeVar("Who")


def is_topic_name(topic: str) -> bool:
    """Whether a PUBLISH may carry it: not empty, no wildcard (MQTT-3.3.2-2, MQTT-4.7.3-1)."""
    return bool(topic) and "+" not in topic and "#" not in topic


def is_filter(text: str) -> bool:
    """Whether wildcards stand where they may: a level of their own, `#` last (MQTT-4.7.1-2, -3)."""
    levels = text.split("/")
    if "#" in levels[:-1]:
        return False
    return bool(text) and all(level in ("+", "#") or is_topic_name(level or "-") for level in levels)


def has_wildcard(text: str) -> bool:
    """Whether a well-formed filter can match more than one topic."""
    return "+" in text or "#" in text


@dataclass(slots=True)
class _Node(Generic[Who]):
    below: dict[str, "_Node[Who]"] = field(default_factory=dict)
    here: dict[Who, int] = field(default_factory=dict)


_NOBODY: dict[Any, int] = {}


class Subscriptions(Generic[Who]):
    """Who takes which filter at which QoS; filters without a wildcard are one look-up."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[Who, int]] = {}
        self._root: _Node[Who] = _Node()

    def add(self, text: str, who: Who, qos: int) -> None:
        """Enter a subscription, or change the QoS of the one that is there."""
        if not has_wildcard(text):
            self._exact.setdefault(text, {})[who] = qos
            return
        node = self._root
        for level in text.split("/"):
            node = node.below.setdefault(level, _Node())
        node.here[who] = qos

    def remove(self, text: str, who: Who) -> None:
        """Take a subscription out; one that is not there changes nothing."""
        if not has_wildcard(text):
            takers = self._exact.get(text, {})
            takers.pop(who, None)
            if not takers:
                self._exact.pop(text, None)
            return
        self._prune(self._root, text.split("/"), who)

    def match(self, topic: str) -> Mapping[Who, int]:
        """Each taker once, with the highest QoS of its filters that match (MQTT-3.3.5-1).

        It may be the tree's own, and so is not to be held over a change.
        """
        exact = self._exact.get(topic, _NOBODY)
        if not self._root.below:
            return exact
        found = dict(exact)
        for node in _walk(self._root, topic.split("/"), 0):
            for who, qos in node.here.items():
                if qos > found.get(who, -1):
                    found[who] = qos
        return found

    def _prune(self, node: _Node[Who], levels: list[str], who: Who) -> None:
        if not levels:
            node.here.pop(who, None)
            return
        child = node.below.get(levels[0])
        if child is None:
            return
        self._prune(child, levels[1:], who)
        if not child.below and not child.here:
            del node.below[levels[0]]


def _walk(node: _Node[Who], levels: list[str], depth: int) -> Iterator[_Node[Who]]:
    # A wildcard in the first level does not reach topics that begin with `$` (MQTT-4.7.2-1).
    wild = depth > 0 or not levels[0].startswith("$")
    if wild and "#" in node.below:
        yield node.below["#"]
    if depth == len(levels):
        yield node
        return
    for level in (levels[depth], "+") if wild else (levels[depth],):
        child = node.below.get(level)
        if child is not None:
            yield from _walk(child, levels, depth + 1)
