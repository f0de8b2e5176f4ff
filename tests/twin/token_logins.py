"""Devices in Token mode, on a twin whose clock the test moves."""

import json
from contextlib import ExitStack
from typing import Any

from devcred import signing
from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.packets import Connect, Publish
from host_tools.twin.clock import ManualClock
from host_tools.twin.trace import Action, Info
from tests.twin.conftest import GROUP, new_client_id
from tests.twin.wire import Wire

HOUR_MS = 3_600_000
UPLOAD = "$SYS/uploadToken"
EXPIRE_NOTICE = "$SYS/tokenExpireNotice"
INVALID_NOTICE = "$SYS/tokenInvalidNotice"


class Place:
    """A twin, its clock, and its devices."""

    def __init__(self, stack: ExitStack, **settings: Any) -> None:
        self.clock = ManualClock()
        self.stack = stack
        self.twin = stack.enter_context(
            TwinThread(
                groups=[GROUP],
                topics=["devcred", "other"],
                clock=self.clock,
                settings=Settings(**settings),
            )
        )

    @property
    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    def token(self, actions: str = "R,W", *resources: str, life_ms: int = HOUR_MS, account: str = "") -> str:
        """A token for topics below devcred, or for `resources`."""
        book, owner = self.twin.twin.state.tokens, account or self.twin.access_key_id
        arguments = (owner, actions, list(resources or ("devcred/#",)), self.now_ms + life_ms)
        token: str = self.twin.call(book.apply, *arguments)
        return token

    def connect(self, password: str, **fields: Any) -> Connect:
        """The CONNECT of a fresh client ID."""
        username = signing.token_username(self.twin.access_key_id, self.twin.instance_id)
        found = {"client_id": new_client_id(), "keepalive_s": 0, "username": username, **fields}
        return Connect(password=password.encode(), **found)

    def code(self, password: str, **fields: Any) -> int:
        """The CONNACK code."""
        with Wire(self.twin.mqtt_port) as wire:
            return wire.login(self.connect(password, **fields)).code

    def wire(self, password: str, **fields: Any) -> Wire:
        """A device that was let in."""
        wire = self.stack.enter_context(Wire(self.twin.mqtt_port))
        assert wire.login(self.connect(password, **fields)).code == 0
        return wire

    def end_of(self, wire: Wire) -> Info:
        """Why the trace says that the connection closed."""
        closed = [each for each in self.twin.trace if each.action is Action.CLOSE]
        return next(each.info for each in reversed(closed) if each.client_id == wire.client_id)


def upload(token: Any, kind: Any = "RW", qos: int = 1, **fields: Any) -> Publish:
    """A PUBLISH to uploadToken."""
    payload = json.dumps({"token": token, "type": kind, **fields}).encode()
    return Publish(UPLOAD, payload, qos, packet_id=7 if qos else 0)


def notice(wire: Wire) -> tuple[str, dict[str, Any]]:
    """The next packet, which must be a notice at QoS 0: its topic and what it says."""
    packet = wire.receive()
    assert isinstance(packet, Publish)
    assert packet.qos == 0
    return packet.topic, json.loads(packet.payload)


def is_refused(wire: Wire, code: int, kind: str) -> bool:
    """Whether tokenInvalidNotice comes next, and then the end, with no acknowledgement between."""
    assert notice(wire) == (INVALID_NOTICE, {"code": code, "type": kind})
    return wire.is_closed()
