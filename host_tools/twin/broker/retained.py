"""Retained messages (MQTT 3.1.1 section 3.3.1.3), for suites that test MQTT alone: the service keeps none."""

from host_tools.twin.broker.filters import Subscriptions
from host_tools.twin.broker.packets import Publish

MOST = 10_000
"""Topics that can have one."""


class Retained:
    """The last message of each topic that was published with RETAIN."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Publish, int]] = {}

    def take(self, message: Publish, number: int) -> None:
        """Keep a message, and its number in the trace, as its topic's last; one of no bytes keeps none."""
        if not message.payload:
            self._last.pop(message.topic, None)
        elif message.topic in self._last or len(self._last) < MOST:
            self._last[message.topic] = (message, number)

    def matching(self, text: str) -> list[tuple[Publish, int]]:
        """Those that a new subscription to `text` gets."""
        asked: Subscriptions[None] = Subscriptions()
        asked.add(text, None, 0)
        return [found for topic, found in self._last.items() if asked.match(topic)]
