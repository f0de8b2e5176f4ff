"""Where callers of the control plane come in. What serves them is loaded when the first one comes.

Its libraries take longer to load than all the rest of a twin, and as much memory; a twin that only brokers
messages does without them.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from host_tools.twin.api.server import ApiServer


class Reception:
    """`make` gives the server; it is called on the event loop, once, if at all."""

    def __init__(self, make: Callable[[], "ApiServer"]) -> None:
        self._make = make
        self._server: ApiServer | None = None
        self._sock: socket.socket | None = None
        self._starting: asyncio.Task[None] | None = None
        self._on = False

    @property
    def on(self) -> bool:
        """Whether operations are to meet faults."""
        return self._on

    @on.setter
    def on(self, value: bool) -> None:
        self._on = value
        if self._server is not None:
            self._server.faults.on = value

    def open(self, sock: socket.socket) -> None:
        """Wait for callers on a bound socket that listens; it then belongs to this."""
        self._sock = sock
        asyncio.get_running_loop().add_reader(sock, self._serve)

    async def stop(self) -> None:
        """Close the listener and the connections that idle; answers under way are finished."""
        if self._starting is not None:
            await self._starting
        elif self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
        self._sock = None
        if self._server is not None:
            await self._server.stop()

    def _serve(self) -> None:
        """The first caller is there, and waits in the listener's queue until the server takes it over."""
        assert self._sock is not None
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._sock)
        self._server = self._make()
        self._server.faults.on = self._on
        self._starting = loop.create_task(self._server.start(self._sock))
