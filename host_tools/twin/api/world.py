"""What operations work on: the state, the settings, and the broker as far as they need it."""

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from host_tools.twin.broker.packets import Publish
from host_tools.twin.settings import Settings
from host_tools.twin.state import State


class Sessions(Protocol):
    """The broker, seen from the control plane."""

    def is_online(self, client_id: str) -> bool: ...
    def disconnect(self, client_id: str) -> bool: ...
    def route(self, message: Publish, *, keep_p2p: bool) -> None: ...


@dataclass(frozen=True)
class World:
    """One instance. `new_id` names requests and messages."""

    state: State
    settings: Settings
    sessions: Sessions
    new_id: Callable[[], str] = lambda: str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)).upper()
