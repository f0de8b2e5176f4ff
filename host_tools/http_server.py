"""A uvicorn server inside somebody else's event loop and process."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from host_tools.http1 import Http1


class HttpServer(uvicorn.Server):
    """Serves `app` until `stop`, at once when told, and leaves the process's signals and logs alone.

    `options` are those of uvicorn.Config.
    """

    def __init__(self, app: ASGIApp, *, grace_s: int, **options: Any) -> None:
        common: dict[str, Any] = {
            "http": Http1,
            "ws": "none",
            "lifespan": "off",
            "log_config": None,
            "access_log": False,
            "server_header": False,
            "proxy_headers": False,
        }
        super().__init__(uvicorn.Config(app, timeout_graceful_shutdown=grace_s, **(common | options)))
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, sock: socket.socket) -> None:
        """Serve on a bound socket, which then belongs to the server; returns once it answers."""
        self._task = asyncio.create_task(self.serve(sockets=[sock]))
        up = asyncio.create_task(self._up.wait())
        await asyncio.wait({up, self._task}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """Close the listener and the connections that idle; answers under way are finished."""
        self._down.set()
        if self._task is not None:
            await self._task

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: they belong to whoever runs the loop."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, without its pause of 0.1 s where nothing is open."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for listener in (*self.servers, *(sockets or ())):
            listener.close()

    async def main_loop(self) -> None:
        while not self._down.is_set():
            await self.on_tick(0)  # renews the Date header
            try:
                await asyncio.wait_for(self._down.wait(), 1.0)
            except TimeoutError:
                continue
