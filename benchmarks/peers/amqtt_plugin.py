"""amqtt's plugins for the run: the service's signatures at login, topics below one parent."""

import hmac
from dataclasses import dataclass, field
from typing import Any

from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin

from devcred import signing


class DeviceCredentials(BaseAuthPlugin):
    """User name and signature of each CONNECT, against what is known of its client ID."""

    async def authenticate(self, *, session: Any) -> bool:
        known = self.config.known.get(session.client_id)
        if known is None or known[0] != session.username:
            return False
        expected = signing.password(session.client_id, known[1])
        return hmac.compare_digest(expected.encode(), (session.password or "").encode())

    @dataclass
    class Config:
        """`known`: user name and secret for each client ID."""

        known: dict[str, list[str]] = field(default_factory=dict, repr=False)


class OwnTopics(BaseTopicPlugin):
    """What a role of mosquitto's plugin and the twin's parent topics do."""

    async def topic_filtering(
        self, *, session: Any = None, topic: str | None = None, action: Any = None
    ) -> bool:
        return bool(topic) and topic.startswith("devcred/")

    @dataclass
    class Config:
        """Nothing to choose."""
