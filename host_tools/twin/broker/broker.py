"""The broker: listens, lets clients in, and lets them go."""

import asyncio
import itertools
import secrets
import ssl
from collections.abc import Callable
from contextlib import suppress

from devcred import topics
from host_tools.twin.broker.common import Common
from host_tools.twin.broker.connection import Connection
from host_tools.twin.broker.hooks import Hook
from host_tools.twin.broker.journal import Journal
from host_tools.twin.broker.login import Admission, Refusal, judge
from host_tools.twin.broker.packets import Connack, ConnackCode, Connect, Publish
from host_tools.twin.broker.rights import denial
from host_tools.twin.broker.router import Router
from host_tools.twin.broker.rules import Topics
from host_tools.twin.door import Door
from host_tools.twin.listening import Listener
from host_tools.twin.settings import Settings
from host_tools.twin.state import State
from host_tools.twin.timers import Timers
from host_tools.twin.tokens import Token, TokenFault
from host_tools.twin.trace import Action, Info, MessageAction, Trace

_STOP_S = 5.0


class Broker:
    """Takes connections on the sockets given to `listen`, until `stop`. It has no tasks of its own."""

    def __init__(
        self,
        state: State,
        settings: Settings,
        trace: Trace,
        clock: Callable[[], float],
        journal: Journal | None = None,
    ) -> None:
        self.state = state
        self.settings = settings
        self.trace = trace
        self.hook: Hook | None = None
        self.timers = Timers(clock)
        """Everything that happens later by the clock; what the network is waited for goes by real time."""
        self.common = Common(settings, clock, self.timers, trace, journal)
        self.topics = Topics(state, settings)
        self.router = Router(self.common, self.topics)
        state.tokens.on_revoked = self._revoked
        self.connections: set[Connection] = set()
        self._doors: list[Door] = []
        self._gone = asyncio.Event()
        self._channels = itertools.count(1)
        self._run = secrets.token_hex(4)

    async def listen(
        self, listener: Listener, tls: ssl.SSLContext | None = None, *, websocket: bool = False
    ) -> Door:
        """Take connections on a bound socket, which then belongs to the broker."""
        factory = self._new_websocket if websocket else lambda: Connection(self)
        door = Door(factory, tls, self.settings.connect_timeout_s)
        await door.open(listener)
        self._doors.append(door)
        return door

    async def stop(self) -> None:
        """Close the listeners and cut every connection; returns when they are gone."""
        for door in self._doors:
            door.shut()
        for connection in list(self.connections):
            connection.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                while self.connections:
                    self._gone.clear()
                    await self._gone.wait()
        self.timers.stop()
        if self.common.journal is not None:
            self.common.journal.commit()

    # What the control plane asks.

    def is_online(self, client_id: str) -> bool:
        """Whether a client with this ID is connected."""
        return self.router.is_online(client_id)

    def disconnect(self, client_id: str) -> bool:
        """Close a client's connection; False if it has none."""
        connection = self._connection_of(client_id)
        if connection is None:
            return False
        connection.close(Info.BY_SERVER)
        return True

    def route(self, message: Publish, *, keep_p2p: bool) -> str:
        """Deliver a message as if a client had published it; the MsgId that the trace has for it."""
        number = self.trace.published(message.topic, "", MessageAction.PUB_MQ)
        self.router.route(message, number, keep_p2p=keep_p2p)
        if self.common.journal is not None:
            self.common.journal.commit()
        return self.trace.msg_id(number)

    # What connections ask.

    def new_channel_id(self) -> str:
        """A name for one connection, unlike any other's."""
        return f"{self._run}-{next(self._channels)}"

    def login(self, connection: Connection, connect: Connect) -> None:
        """Answer a CONNECT. An older connection is touched only after the newer has proved itself."""
        connection.client_id = connect.client_id[: topics.ID_MAX_CHARS]
        answer = judge(connect, self.state, self.settings)
        refusal = self._no_room(connect) if isinstance(answer, Admission) else answer
        if refusal is not None:
            if refusal.code is not None:
                connection.send(Connack(False, refusal.code))
            connection.close(refusal.info, refusal.reason)
            return
        rights = answer.rights if isinstance(answer, Admission) else None
        # Only with the rules for client IDs off can one be empty, or longer than the trace shows.
        connection.client_id = connect.client_id or f"anonymous-{connection.channel_id}"
        self._take_over(connection.client_id)
        session, present = self.router.open(connection.client_id, connect.clean_session)
        session.link = connection
        if connect.will is not None and self.settings.will == "publish":
            connection.will = Publish(
                connect.will.topic, connect.will.payload, connect.will.qos, connect.will.retain
            )
        connection.admit(session, rights, connect.keepalive_s)
        self.trace.add(connection.client_id, connection.channel_id, Action.CONNECT, Info.ACCEPTED)
        connection.send(Connack(present, ConnackCode.ACCEPTED))
        session.resume()
        connection.watch_tokens(connect.keepalive_s)

    def detach(self, connection: Connection) -> None:
        """Part a connection that ends from its session."""
        session, connection.session = connection.session, None
        if session is not None:
            self.router.leave(session)
        will, connection.will = connection.will, None
        if will is not None:
            number = self.trace.published(will.topic, connection.client_id, MessageAction.PUB_MQTT)
            self.router.route(will, number, keep_p2p=False)

    def lost(self, connection: Connection) -> None:
        """A connection's socket is gone."""
        self.connections.discard(connection)
        self._gone.set()

    # Inside.

    def _new_websocket(self) -> asyncio.Protocol:
        # Imported when the first one comes: few need it, and it costs the start as much as the rest.
        from host_tools.twin.broker.websocket import WebSocket

        return WebSocket(Connection(self), self.settings.max_packet_bytes)

    def _revoked(self, token: Token) -> None:
        if self.settings.revoke_token == "at-once":
            for connection in list(self.connections):
                life = connection.life
                if life is not None and life.rights.holds(token):
                    life.end(denial(TokenFault.REVOKED, token.type), Info.NOT_AUTHORIZED)

    def _no_room(self, connect: Connect) -> Refusal | None:
        settings = self.settings
        if connect.will is not None and settings.will == "refuse":
            return Refusal(None, "a CONNECT with a will", Info.INVALID)
        if self.is_online(connect.client_id):
            if settings.duplicate_client_id == "refuse-newer":
                return Refusal(ConnackCode.BAD_CLIENT_ID, "the client ID is connected", Info.CONFLICT)
        elif settings.max_connections and self.router.online >= settings.max_connections:
            code = ConnackCode.SERVER_UNAVAILABLE if settings.overfull == "connack-3" else None
            return Refusal(code, "the instance is full", Info.BY_SERVER)
        return None

    def _take_over(self, client_id: str) -> None:
        older = self._connection_of(client_id)
        if older is not None:
            self.detach(older)
            older.close(Info.CONFLICT)

    def _connection_of(self, client_id: str) -> Connection | None:
        session = self.router.sessions.get(client_id)
        link = session.link if session else None
        return link if isinstance(link, Connection) else None
