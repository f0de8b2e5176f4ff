"""A listener of the broker that can be shut and opened again, and that lets a guard look at who comes."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

from host_tools.twin.listening import Listener, bind, port_of
from host_tools.twin.tcp import TcpTransport

_BACKLOG = 1024
_AT_ONCE = 64
_HANDSHAKE_S = 10.0
_GOODBYE_S = 2.0


class Door:
    """Takes connections on bound sockets, one socket at a time, plain or by TLS.

    `patience_s`: how long a peer may take over its first packet; over TLS the handshake may take as long.
    """

    def __init__(
        self, factory: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None, patience_s: float = 0.0
    ) -> None:
        self.tls = tls
        self._handshake_s = max(_HANDSHAKE_S, patience_s)
        self._factory = factory
        self._server: asyncio.Server | _Plain | None = None
        self._listener: Listener | None = None
        self._address = ("", 0)

    async def open(self, listener: Listener) -> None:
        """Take connections on a bound socket, which then belongs to the door."""
        self._listener = listener
        self._address = (listener.getsockname()[0], port_of(listener))
        loop = asyncio.get_running_loop()
        if self.tls is None:
            self._server = _Plain(loop, listener, self._factory)
            return
        self._server = await loop.create_server(
            self._factory,
            sock=listener,
            ssl=self.tls,
            backlog=_BACKLOG,
            ssl_handshake_timeout=self._handshake_s,
            ssl_shutdown_timeout=_GOODBYE_S,
        )

    @property
    def is_open(self) -> bool:
        return self._server is not None

    def shut(self) -> None:
        """Refuse new connections; those that are there stay. Twice does no harm."""
        if self._server is not None:
            self._server.close()
        self._server = self._listener = None

    def rebind(self) -> Listener:
        """A socket on the same port, for `open`; connections wait in it until then. Raises MachineError."""
        return bind(*self._address)

    def guard(self, gate: Callable[[socket.socket], socket.socket | None] | None) -> None:
        """Have `gate` look at each new connection first: it gives back the socket to serve, or None."""
        if self._listener is not None:
            self._listener.gate = gate

    async def take(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Serve a connection that was accepted elsewhere; one that fails its handshake is closed."""
        with suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory,
                sock,
                ssl=tls,
                ssl_handshake_timeout=self._handshake_s if tls else None,
                ssl_shutdown_timeout=_GOODBYE_S if tls else None,
            )


class _Plain:
    """What asyncio's server does for plain connections, without a task for each."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, listener: Listener, factory: Callable[[], asyncio.Protocol]
    ) -> None:
        self._loop = loop
        self._listener = listener
        self._factory = factory
        listener.listen(_BACKLOG)
        loop.add_reader(listener, self._accept)

    def close(self) -> None:
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # nobody waits, or who waited has gone
            TcpTransport(self._loop, sock, self._factory())
