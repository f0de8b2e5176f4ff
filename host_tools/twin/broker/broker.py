"""The broker: listens, lets clients in, and lets them go."""

import asyncio
import itertools
import secrets
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

from devcred import topics
from host_tools.twin.broker.connection import Connection
from host_tools.twin.broker.hooks import Hook
from host_tools.twin.broker.login import Refusal, judge
from host_tools.twin.broker.packets import Connack, ConnackCode, Connect, Publish
from host_tools.twin.broker.router import Router
from host_tools.twin.broker.session import Session
from host_tools.twin.settings import Settings
from host_tools.twin.state import State
from host_tools.twin.trace import Action, Info, Trace

_BACKLOG = 1024
_HANDSHAKE_S = 10.0
_GOODBYE_S = 2.0
_STOP_S = 5.0


class Broker:
    """Takes connections on the sockets given to `listen`, until `stop`. It has no tasks of its own."""

    def __init__(self, state: State, settings: Settings, trace: Trace, clock: Callable[[], float]) -> None:
        self.state = state
        self.settings = settings
        self.trace = trace
        self.hook: Hook | None = None
        self.router = Router(settings, clock)
        self.connections: set[Connection] = set()
        self._servers: list[asyncio.Server] = []
        self._gone = asyncio.Event()
        self._channels = itertools.count(1)
        self._run = secrets.token_hex(4)

    async def listen(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Take connections on a bound socket, which then belongs to the broker."""
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self),
            sock=sock,
            ssl=tls,
            backlog=_BACKLOG,
            ssl_handshake_timeout=_HANDSHAKE_S if tls else None,
            ssl_shutdown_timeout=_GOODBYE_S if tls else None,
        )
        self._servers.append(server)

    async def stop(self) -> None:
        """Close the listeners and cut every connection; returns when they are gone."""
        for server in self._servers:
            server.close()
        for connection in list(self.connections):
            connection.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                while self.connections:
                    self._gone.clear()
                    await self._gone.wait()

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

    def route(self, message: Publish, *, keep_p2p: bool) -> None:
        """Deliver a message as if a client had published it."""
        self.router.route(message, keep_p2p=keep_p2p)

    # What connections ask.

    def new_channel_id(self) -> str:
        """A name for one connection, unlike any other's."""
        return f"{self._run}-{next(self._channels)}"

    def login(self, connection: Connection, connect: Connect) -> None:
        """Answer a CONNECT. An older connection is touched only after the newer has proved itself."""
        connection.client_id = connect.client_id[: topics.ID_MAX_CHARS]
        refusal = judge(connect, self.state, self.settings) or self._no_room(connect)
        if refusal is not None:
            if refusal.code is not None:
                connection.send(Connack(False, refusal.code))
            connection.close(refusal.info, refusal.reason)
            return
        # Only with the rules for client IDs off can one be empty, or longer than the trace shows.
        connection.client_id = connect.client_id or f"anonymous-{connection.channel_id}"
        self._take_over(connection.client_id)
        session, present = self.router.open(connection.client_id, connect.clean_session)
        self._admit(connection, session, present, connect.keepalive_s)

    def detach(self, connection: Connection) -> None:
        """Part a connection that ends from its session."""
        session, connection.session = connection.session, None
        if session is not None:
            self.router.leave(session)

    def lost(self, connection: Connection) -> None:
        """A connection's socket is gone."""
        self.connections.discard(connection)
        self._gone.set()

    # Inside.

    def _admit(self, connection: Connection, session: Session, present: bool, keepalive_s: int) -> None:
        session.link = connection
        connection.admit(session, keepalive_s)
        self.trace.add(connection.client_id, connection.channel_id, Action.CONNECT, Info.ACCEPTED)
        connection.send(Connack(present, ConnackCode.ACCEPTED))
        session.resume()

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
