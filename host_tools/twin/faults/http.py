"""Faults over HTTP, on the control plane's port; for callers on this computer, with no signature.

GET    /twin/faults              200 {"seed": 1, "faults": [{"number": 1, "met": 3, "hits": 1, "over": true,
                                 "where": "out", "what": "drop", "packet": "PUBACK"}]}; a fault shows the
                                 fields that differ from their defaults
POST   /twin/faults              a JSON object with the fields of `Fault` (content type application/json);
                                 201 and the fault as above
GET    /twin/faults/1            200 and the fault; with ?hits=2&timeout_s=5 once it has struck so often,
                                 or 408
DELETE /twin/faults/1            204; what the fault still holds up goes on
DELETE /twin/faults              204; all of them

Errors are {"error": "<field>: <what is wrong>"}: 400 bad input, 403 not from this computer, or from a web
page, 404 no such fault, 408 not struck in time, 413 too large.
"""

import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from host_tools.errors import ToolError, UsageError
from host_tools.twin.faults.book import FaultBook
from host_tools.twin.faults.rules import Fault

PATH = "/twin/faults"
_MAX_BYTES = 1 << 16
_MAX_WAIT_S = 60.0
Endpoint = Callable[[Request], Awaitable[Response]]


class _AnswerError(Exception):
    def __init__(self, status: int, line: str) -> None:
        super().__init__(status, line)
        self.response = JSONResponse({"error": line}, status)


def routes(book: FaultBook) -> list[Route]:
    """The paths below PATH, to stand before any that takes everything."""
    calls = _Calls(book)
    every = ["GET", "POST", "DELETE"]
    return [
        Route(PATH, _guarded(calls.all), methods=every),
        Route(PATH + "/{number}", _guarded(calls.one), methods=["GET", "DELETE"]),
    ]


class _Calls:
    def __init__(self, book: FaultBook) -> None:
        self._book = book

    async def all(self, request: Request) -> Response:
        if request.method == "POST":
            number = self._book.add(Fault.from_json(await _json(request)))
            return JSONResponse(self._shown(number), 201)
        if request.method == "DELETE":
            self._book.clear()
            return Response(status_code=204)
        faults = [each.to_json() for each in self._book.list()]
        return JSONResponse({"seed": self._book.seed, "faults": faults})

    async def one(self, request: Request) -> Response:
        text = request.path_params["number"]
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        shown = self._shown(number)
        if request.method == "DELETE":
            self._book.remove(number)
            return Response(status_code=204)
        hits = _number(request, "hits", 0)
        if shown["hits"] < hits:
            await self._wait(number, int(hits), _number(request, "timeout_s", 5.0))
        return JSONResponse(self._shown(number))

    async def _wait(self, number: int, hits: int, timeout_s: float) -> None:
        try:
            await self._book.until_hit(number, hits, min(timeout_s, _MAX_WAIT_S))
        except ToolError as error:
            raise _AnswerError(408, str(error)) from None

    def _shown(self, number: int) -> dict[str, Any]:
        for each in self._book.list():
            if each.number == number:
                return each.to_json()
        raise _AnswerError(404, f"number: there is no fault {number}")


def _guarded(call: Endpoint) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if not _is_near(request):
            return JSONResponse({"error": "host: faults are set from this computer alone"}, 403)
        try:
            return await call(request)
        except UsageError as error:
            return JSONResponse({"error": str(error)}, 400)
        except _AnswerError as error:
            return error.response
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to answer

    return endpoint


def _is_near(request: Request) -> bool:
    # A web page in a browser on this computer is not meant: browsers send Origin with what they post.
    host = request.client.host if request.client else ""
    try:
        return ipaddress.ip_address(host).is_loopback and "origin" not in request.headers
    except ValueError:
        return False


async def _json(request: Request) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise UsageError("must be application/json", where="content-type")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise _AnswerError(413, f"body: at most {_MAX_BYTES} bytes")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise UsageError("is not JSON", where="body") from None


def _number(request: Request, name: str, default: float) -> float:
    try:
        value = float(request.query_params.get(name, default))
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise UsageError("must be a number from 0", where=name)
    return value
