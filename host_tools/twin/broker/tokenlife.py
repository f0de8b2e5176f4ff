"""The life of a connection's tokens: renewed, running out, revoked; and the $SYS topics about it."""

import json
import math
from typing import TYPE_CHECKING, Any

from devcred.signing import TOKEN_TYPES
from host_tools.twin.broker.packets import Publish
from host_tools.twin.broker.rights import Denial, TokenRights, denial
from host_tools.twin.timers import Timer
from host_tools.twin.tokens import Token, TokenFault
from host_tools.twin.trace import Info

if TYPE_CHECKING:
    from host_tools.twin.broker.broker import Broker
    from host_tools.twin.broker.connection import Connection

UPLOAD = "$SYS/uploadToken"
EXPIRE_NOTICE = "$SYS/tokenExpireNotice"
INVALID_NOTICE = "$SYS/tokenInvalidNotice"
TOPICS = frozenset({UPLOAD, EXPIRE_NOTICE, INVALID_NOTICE})

_HEARTBEAT_S = 90.0
"""Between two looks at a connection with keep-alive 0; assumed."""


class TokenLife:
    """Belongs to a connection in Token mode, from its CONNACK until `stop`."""

    __slots__ = ("_broker", "_connection", "_heartbeat_s", "_since_s", "_timers", "rights")

    def __init__(
        self, broker: "Broker", connection: "Connection", rights: TokenRights, heartbeat_s: float
    ) -> None:
        self.rights = rights
        self._broker = broker
        self._connection = connection
        self._heartbeat_s = heartbeat_s or _HEARTBEAT_S
        self._since_s = broker.common.clock()
        self._timers: dict[str, Timer] = {}
        for token in rights.tokens.values():
            self._watch(token)

    def stop(self) -> None:
        """The connection ends."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def upload(self, packet: Publish) -> None:
        """A PUBLISH to uploadToken came."""
        delay_s = self._broker.settings.upload_delay_s
        if delay_s:
            self._broker.timers.after(delay_s, lambda: self._take(packet))
        else:
            self._take(packet)

    def end(self, why: Denial, info: Info) -> None:
        """Say what is wrong and close; a denial that is not about tokens is not said."""
        if why.fault is not None:
            self._say(INVALID_NOTICE, {"code": int(why.fault), "type": why.type})
        self._connection.close(info, why.reason)

    def _take(self, packet: Publish) -> None:
        if self._connection.closed:
            return
        found = self._read(packet.payload)
        if isinstance(found, Token):
            self.rights.replace(found)
            self._connection.acknowledge(packet)
            if not self._connection.closed:
                self._watch(found)
            return
        if self._broker.settings.bad_upload == "puback-first":
            self._connection.acknowledge(packet)
        self.end(found, Info.NOT_AUTHORIZED)

    def _read(self, payload: bytes) -> Token | Denial:
        try:
            fields = json.loads(payload)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            return denial(TokenFault.FORGED, "")
        # One old page of the service writes `Token`.
        text, kind = fields.get("token", fields.get("Token")), fields.get("type")
        if kind not in TOKEN_TYPES or not isinstance(text, str):
            return denial(TokenFault.FORGED, kind if kind in TOKEN_TYPES else "")
        found = self._broker.state.tokens.judge(text, kind, self.rights.access_key_id)
        return found if isinstance(found, Token) else denial(found, kind)

    def _watch(self, token: Token) -> None:
        settings, now_s = self._broker.settings, self._broker.common.clock()
        notice_s = token.expire_ms / 1000 - settings.token_notice_s
        self._forget(token.type)
        if notice_s > now_s:
            self._set(token.type, notice_s, lambda: self._warn(token))
        elif settings.short_token_notice == "at-once":
            self._warn(token)
        else:
            self._await_end(token)

    def _warn(self, token: Token) -> None:
        self._say(EXPIRE_NOTICE, {"expireTime": token.expire_ms, "type": token.type})
        self._await_end(token)

    def _await_end(self, token: Token) -> None:
        mode, end_s = self._broker.settings.token_expiry, token.expire_ms / 1000
        if mode == "heartbeat":
            beats = math.ceil((end_s - self._since_s) / self._heartbeat_s)
            end_s = self._since_s + beats * self._heartbeat_s
        if mode != "next-use":
            why = denial(TokenFault.EXPIRED, token.type)
            self._set(token.type, end_s, lambda: self.end(why, Info.NOT_AUTHORIZED))

    def _set(self, kind: str, due_s: float, call: Any) -> None:
        self._timers[kind] = self._broker.timers.at(due_s, call)

    def _forget(self, kind: str) -> None:
        timer = self._timers.pop(kind, None)
        if timer is not None:
            timer.cancel()

    def _say(self, topic: str, fields: dict[str, Any]) -> None:
        session, settings = self._connection.session, self._broker.settings
        if session is not None and settings.token_notices:
            payload = json.dumps(fields, separators=(",", ":")).encode()
            session.notice(Publish(topic, payload, settings.token_notice_qos))
