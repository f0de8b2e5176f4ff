"""Takes connections, joins each to one of its own to the server, and has faults strike in between.

Plain MQTT is read packet by packet, by the twin's codec, so that rules at packets apply, as they do where
the device's TLS ends here; all else (TLS that passes through, WebSocket) meets rules at `listener`, `accept`
and `hello` alone. A kick is a close, as only a broker can kick. A wrong certificate is shown only where TLS
ends here; otherwise the server's own passes through.
"""

import asyncio
import socket
import ssl
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from host_tools.twin.door import Door
from host_tools.twin.faults.book import Decision, FaultBook
from host_tools.twin.faults.gate import refuse
from host_tools.twin.faults.hello import peek, server_name
from host_tools.twin.faults.link import Link, pair
from host_tools.twin.faults.rules import Event
from host_tools.twin.faults.shutter import Shutter
from host_tools.twin.listening import bind, port_of

if TYPE_CHECKING:
    from host_tools.twin.proxy.tls import TlsEnd

_NAME = "proxy"
_WAIT_S = 10.0


class Proxy:
    """An async context manager. `port` 0 takes a free one; the one taken is `port` after `start`.

    A server that cannot be reached resets the device's connection. With `tls` the device speaks TLS as far
    as here, and the server gets plain MQTT. Raises MachineError for a port that cannot be had.
    """

    def __init__(
        self,
        to: tuple[str, int],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: FaultBook | None = None,
        aware: bool = True,
        tls: "TlsEnd | None" = None,
    ) -> None:
        self.port = port
        self.faults = faults or FaultBook()
        self._to = to
        self._host = host
        self._aware = aware
        self._tls = tls
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = AsyncExitStack()

    async def start(self) -> Self:
        """Open the port and answer on it."""
        listener = bind(self._host, self.port)
        self.port = port_of(listener)
        # Every connection is taken at the gate, so nothing is ever made by the factory.
        self._door = Door(asyncio.Protocol, None)
        await self._door.open(listener)
        self._running.callback(self._door.shut)
        self._running.callback(self._cut)
        self._running.callback(Shutter(self.faults, {_NAME: self._door}, self._guard).stop)
        self._guard()
        return self

    async def stop(self) -> None:
        """Close the port and every connection. Twice does no harm."""
        running, self._running = self._running, AsyncExitStack()
        await running.aclose()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _guard(self) -> None:
        self._door.guard(self._accepted)

    def _cut(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        for link in list(self._links):
            link.abort()

    def _accepted(self, device: socket.socket) -> None:
        decision = self.faults.decide(Event("accept", listener=_NAME))
        if decision is not None and decision.fault.what == "refuse":
            refuse(device, decision.fault.how)
            return
        task = asyncio.get_running_loop().create_task(self._join(device, decision))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, device: socket.socket, decision: Decision | None) -> None:
        device.setblocking(False)
        wrong = ""
        try:
            if decision is None and self.faults.has("hello"):
                decision = await self._greeted(device)
            if decision is not None and decision.fault.what == "certificate":
                wrong = decision.fault.certificate
                decision = None
            server = await self._connected()
        except (OSError, asyncio.CancelledError):  # a TimeoutError is an OSError
            refuse(device, "rst")
            return
        tls = self._tls.context(wrong) if self._tls else None
        try:
            if tls is not None and decision is not None:
                device, decision = await self._before_tls(device, decision), None
            await self._link(device, server, decision, aware=self._aware, tls=tls)
        except OSError:  # gone already, or no TLS came of it
            server.close()

    async def _before_tls(self, device: socket.socket, decision: Decision) -> socket.socket:
        """What to end TLS on in the place of `device`, with a fault in between that strikes its bytes."""
        inner, outer = pair()
        try:
            await self._link(device, inner, decision)
        except BaseException:
            outer.close()
            raise
        return outer

    async def _link(
        self,
        device: socket.socket,
        server: socket.socket,
        decision: Decision | None = None,
        *,
        aware: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        link = Link(self.faults, decision, aware=aware, done=self._links.discard)
        await link.start(device, server, tls)
        self._links.add(link)

    async def _connected(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_WAIT_S):
            found = await loop.getaddrinfo(*self._to, type=socket.SOCK_STREAM)
            server = socket.socket(found[0][0], socket.SOCK_STREAM)
            server.setblocking(False)
            try:
                await loop.sock_connect(server, found[0][4])
            except BaseException:
                server.close()
                raise
        return server

    async def _greeted(self, device: socket.socket) -> Decision | None:
        async with asyncio.timeout(_WAIT_S):
            hello = await peek(device)
        return self.faults.decide(Event("hello", listener=_NAME, server_name=server_name(hello)))
