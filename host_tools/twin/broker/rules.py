"""The service's rules for topics: None when they are kept, else what is wrong."""

from functools import lru_cache

from devcred import topics
from host_tools.twin.broker.filters import has_wildcard
from host_tools.twin.settings import Settings
from host_tools.twin.state import State

_REMEMBERED, _SHORT_CHARS = 4096, 160


def p2p_target(topic: str) -> str | None:
    """The client ID that `parent/p2p/<client ID>` names, or None for any other topic."""
    levels = topic.split("/")
    return levels[2] if len(levels) == 3 and levels[1] == "p2p" else None


class Topics:
    """The rules for topics to publish to, with what they said of good topics remembered."""

    def __init__(self, state: State, settings: Settings) -> None:
        self._state = state
        self._settings = settings
        self._good: dict[str, str | None] = {}
        self._seen = -1

    def look(self, topic: str) -> tuple[str | None, str | None]:
        """What is wrong with a topic, and the client ID that it addresses by P2P."""
        if self._seen != self._state.topic_changes or len(self._good) > _REMEMBERED:
            self._good.clear()
            self._seen = self._state.topic_changes
        elif topic in self._good:
            return None, self._good[topic]
        target = p2p_target(topic) if self._settings.topic_rules else None
        fault = topic_fault(topic, self._state, self._settings)
        if fault is None and len(topic) <= _SHORT_CHARS:
            self._good[topic] = target
        return fault, target


def topic_fault(topic: str, state: State, settings: Settings) -> str | None:
    """Whether a client may publish to `topic`."""
    if not settings.topic_rules:
        return None
    fault = _form_fault(topic, settings.p2p_length_exempt, settings.topic_characters == "any")
    return fault or _parent_fault(topic, state)


def filter_fault(text: str, state: State, settings: Settings) -> str | None:
    """Whether a client may subscribe to `text`, a well-formed filter."""
    if not settings.topic_rules:
        return None
    parent = topics.parent(text)
    if has_wildcard(parent):
        return None if settings.wildcard_parent == "allow" else "the first level is a wildcard"
    if text.startswith("$"):
        return "topics that begin with $ are not usable"
    exempt = settings.p2p_length_exempt and p2p_target(text) is not None
    if len(text) > topics.TOPIC_MAX_CHARS and not exempt:
        return f"a topic of {len(text)} characters"
    return _parent_fault(text, state)


def _parent_fault(topic: str, state: State) -> str | None:
    return None if state.has_topic(topics.parent(topic)) else "the parent topic does not exist"


@lru_cache(maxsize=4096)
def _form_fault(topic: str, p2p_length_exempt: bool, any_characters: bool) -> str | None:
    if topic.startswith("$"):
        return "topics that begin with $ are not usable"
    client_id = p2p_target(topic) if p2p_length_exempt else None
    try:
        if client_id is not None:
            topics.check_client_id(client_id)
            topics.check_topic(topic[: -len(client_id) - 1])
        elif not any_characters:
            topics.check_topic(topic)
    except ValueError as error:
        return str(error)
    if client_id is None and not topics.TOPIC_MIN_CHARS <= len(topic) <= topics.TOPIC_MAX_CHARS:
        return f"a topic of {len(topic)} characters"
    return None
