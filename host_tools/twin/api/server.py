"""The control plane over HTTP: Starlette, served by uvicorn in the caller's event loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from host_tools.twin.api.control import Control
from host_tools.twin.api.signature import Request

MAX_BODY_BYTES = 1 << 20
MAX_HEAD_BYTES = 1 << 18
"""Room for SendMessage's 64 KB in the query, three characters a byte."""
_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
_GRACE_S = 2


def application(control: Control) -> Starlette:
    """The ASGI application; every path and method goes to the control plane, which refuses what it must."""

    async def endpoint(request: HttpRequest) -> Response:
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        answer = control.answer(_request(request, body))
        return JSONResponse(answer.body, status_code=answer.status)

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_METHODS)])


async def _body(request: HttpRequest) -> bytes | None:
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                return None
            chunks.append(chunk)
    except ClientDisconnect:
        return None  # nobody is there to answer
    return b"".join(chunks)


def _request(request: HttpRequest, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        # Of two equal names one could be what was signed, the other what is read: join them.
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    path = request.scope.get("raw_path", b"/").decode("latin-1")
    return Request(request.method, path, request.scope["query_string"].decode("latin-1"), headers, body)


class ApiServer(uvicorn.Server):
    """Serves until `stop`, at once when told, and leaves the process's signals alone."""

    def __init__(self, control: Control) -> None:
        super().__init__(
            uvicorn.Config(
                application(control),
                http="h11",
                h11_max_incomplete_event_size=MAX_HEAD_BYTES,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
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

    async def main_loop(self) -> None:
        while not self._down.is_set():
            await self.on_tick(0)  # renews the Date header
            try:
                await asyncio.wait_for(self._down.wait(), 1.0)
            except TimeoutError:
                continue
