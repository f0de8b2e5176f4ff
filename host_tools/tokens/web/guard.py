"""In front of every request: how often an address may ask, how large and how slow a body may be."""

import asyncio
import traceback
from collections.abc import Callable
from pathlib import Path

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from host_tools.tokens import policy, refusals
from host_tools.tokens.buckets import Buckets
from host_tools.tokens.refusals import Refusal
from host_tools.tokens.world import World

MAX_BODY_BYTES = 64 << 10
_BODY_S = 10.0
_FREE = ("/healthz", "/readyz")
_FAILURE_COST = 5.0
"""A request that proved nothing counts as so many more."""
_COSTLY = 401


def told(world: World, refusal: Refusal) -> JSONResponse:
    """A refusal as it goes over the wire; it is counted."""
    world.metrics.refusals.labels(refusal.error).inc()
    headers = {"Retry-After": str(refusal.retry_in_s)} if refusal.status in (429, 503) else None
    return JSONResponse(refusal.facts(), refusal.status, headers)


class Guard:
    """An ASGI application around `app`. `route_of` names a scope's route, for the metrics."""

    def __init__(
        self, app: ASGIApp, world: World, per_address: Buckets, route_of: Callable[[Scope], str]
    ) -> None:
        self._app = app
        self._world = world
        self._per_address = per_address
        self._route_of = route_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began_s = self._world.monotonic()
        try:
            await self._admitted(scope, receive, noted)
        except Exception as error:  # noqa: BLE001 - reported, and answered with what tells nothing
            self._report(error)
            if not status:
                await told(self._world, refusals.BROKEN)(scope, receive, noted)
        took_s = self._world.monotonic() - began_s
        if status == _COSTLY:
            self._per_address.charge(address(scope), self._world.monotonic(), _FAILURE_COST)
        self._world.metrics.request_seconds.labels(self._route_of(scope), str(status)).observe(took_s)

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in _FREE:
            wait_s = self._per_address.take(address(scope), self._world.monotonic())
            if wait_s:
                self._world.metrics.limited.labels("address").inc()
                refusal = refusals.slow_down(policy.retry_in_s(wait_s, self._world.random()))
                await told(self._world, refusal)(scope, receive, send)
                return
        body = await _body(receive)
        if body is None:
            return
        if isinstance(body, Refusal):
            await told(self._world, body)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    def _report(self, error: Exception) -> None:
        """Where it happened; not its text, which may hold what was worked with."""
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        at = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
        self._world.log.event("internal-error", kind=type(error).__name__, at=at)


def address(scope: Scope) -> str:
    """Where a request comes from; a proxy may hand on any text, and the audit has room for 64 characters."""
    client = scope.get("client")
    return str(client[0])[:64] if client else "unknown"


async def _body(receive: Receive) -> bytes | Refusal | None:
    """The whole body, a refusal, or None when nobody is there any more."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                size += len(message.get("body", b""))
                if size > MAX_BODY_BYTES:
                    return refusals.TOO_LARGE
                chunks.append(message.get("body", b""))
                if not message.get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        return refusals.TOO_SLOW


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again
