"""Faults at operations of the control plane: an ASGI application around another one."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from host_tools.twin.faults.book import Decision, FaultBook
from host_tools.twin.faults.rules import Event

_RETRY_AFTER_MS = 1000
_STEP_S = 0.02


class ApiFaults:
    """Asks the book while `on`, in front of `app`. `cut(client)` closes that peer's connection unanswered.

    The operation is read where both signatures put it: the header x-acs-action, or `Action` of the query.
    """

    app: ASGIApp

    def __init__(self, book: FaultBook, cut: Callable[[Any], None]) -> None:
        self.on = False
        self._book = book
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        decision = self._book.decide(_event(scope)) if self.on and scope["type"] == "http" else None
        if decision is None:
            await self.app(scope, receive, send)
            return
        match decision.fault.what:
            case "delay":
                await asyncio.sleep(decision.fault.delay_ms / 1000)
                await self.app(scope, receive, send)
            case "lost-before":
                await self._lose(scope, receive)
            case "lost":
                await self._effect(scope, receive)
                await self._lose(scope, receive)
            case "late":
                answer = await self._effect(scope, receive)
                await asyncio.sleep(decision.fault.delay_ms / 1000)
                await _replay(answer, send)
            case "slow":
                await _drip(await self._effect(scope, receive), send, decision.fault.bytes_per_s)
            case _:
                await _invented(decision)(scope, receive, send)

    async def _effect(self, scope: Scope, receive: Receive) -> list[Message]:
        """Run the operation; its answer, which has not left yet."""
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self.app(scope, receive, keep)
        return answer

    async def _lose(self, scope: Scope, receive: Receive) -> None:
        self._cut(scope["client"])
        while (await receive())["type"] != "http.disconnect":
            pass


def _event(scope: Scope) -> Event:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    header = dict(scope["headers"]).get(b"x-acs-action", b"").decode("latin-1")
    client_id = query.get("ClientId", [""])[0]
    operation = header or query.get("Action", [""])[0]
    return Event("api", str(scope["client"]), "api", client_id, operation=operation)


def _invented(decision: Decision) -> Response:
    """An answer that no operation gave."""
    fault = decision.fault
    if fault.what == "garbage":
        return Response(decision.chance.randbytes(fault.size_bytes), media_type="application/json")
    if fault.what == "throttle":
        wait_ms = str(int(fault.delay_ms) or _RETRY_AFTER_MS)
        body = _body("Throttling.User", "Request was denied due to user flow control.")
        return JSONResponse(body, 400, {"x-acs-retry-after": wait_ms})
    return JSONResponse(_body(fault.error_code, "The twin was told to fail."), fault.status)


def _body(code: str, message: str) -> dict[str, str]:
    return {
        "RequestId": "00000000-0000-4000-8000-000000000000",
        "HostId": "twin",
        "Code": code,
        "Message": message,
    }


async def _replay(answer: list[Message], send: Send) -> None:
    for message in answer:
        await send(message)


async def _drip(answer: list[Message], send: Send, bytes_per_s: float) -> None:
    size = max(1, int(bytes_per_s * _STEP_S))
    for message in answer:
        body = message.get("body", b"")
        while len(body) > size:
            await send({"type": "http.response.body", "body": body[:size], "more_body": True})
            await asyncio.sleep(size / bytes_per_s)
            body = body[size:]
        await send({**message, "body": body} if message["type"] == "http.response.body" else message)
