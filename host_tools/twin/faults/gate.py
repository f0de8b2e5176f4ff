"""Faults before the first packet: at a listener, at the accept, at the ClientHello."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from host_tools.twin.door import Door
from host_tools.twin.faults.book import Decision, FaultBook
from host_tools.twin.faults.hello import peek, server_name
from host_tools.twin.faults.link import Link, pair
from host_tools.twin.faults.rules import Event
from host_tools.twin.listening import arm_reset

_HELLO_S = 10.0


class Gate:
    """Sees each connection of the listener `name` first, and holds those that a fault struck.

    `door` is what the listener leads to where that is the broker; without one there are no faults at the
    ClientHello. `wrong` makes the TLS context for a wrong certificate.
    """

    def __init__(
        self, book: FaultBook, name: str, door: Door | None, wrong: Callable[[str], ssl.SSLContext]
    ) -> None:
        self._book = book
        self._name = name
        self._door = door
        self._wrong = wrong
        self._tasks: set[asyncio.Task[None]] = set()
        self._links: set[Link] = set()

    def __call__(self, sock: socket.socket) -> socket.socket | None:
        decision = self._book.decide(Event("accept", listener=self._name))
        if decision is None:
            if self._door is not None and self._door.tls is not None and self._book.has("hello"):
                self._spawn(self._greet(sock, self._door))
                return None
            return sock
        if decision.fault.what != "refuse":
            return self._link(sock, decision)
        refuse(sock, decision.fault.how)
        return None

    def stop(self) -> None:
        """Cut what is held."""
        for task in list(self._tasks):
            task.cancel()
        for link in list(self._links):
            link.abort()

    async def _greet(self, sock: socket.socket, door: Door) -> None:
        tls = door.tls
        try:
            sock.setblocking(False)
            hello = await asyncio.wait_for(peek(sock), _HELLO_S)
            decision = self._book.decide(Event("hello", listener=self._name, server_name=server_name(hello)))
            if decision is not None:
                if decision.fault.what == "certificate":
                    tls = self._wrong(decision.fault.certificate)
                else:
                    sock = self._link(sock, decision)
            await door.take(sock, tls)
        except (OSError, asyncio.CancelledError):
            sock.close()

    def _link(self, sock: socket.socket, decision: Decision) -> socket.socket:
        """What to serve in the place of `sock`, with the fault in between."""
        inner, served = pair()
        link = Link(self._book, decision, done=self._links.discard)
        self._links.add(link)
        self._spawn(_started(link, sock, inner))
        return served

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def refuse(sock: socket.socket, how: str) -> None:
    """Close a connection at once: by a reset ("rst") or not ("fin")."""
    if how == "rst":
        arm_reset(sock)
    sock.close()


async def _started(link: Link, device: socket.socket, inner: socket.socket) -> None:
    with suppress(OSError):
        device.setblocking(False)
        await link.start(device, inner)
