"""The control plane over HTTP: Starlette, served by uvicorn in the caller's event loop."""

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from host_tools.http_server import HttpServer
from host_tools.twin.api.answers import Answer
from host_tools.twin.api.control import Control
from host_tools.twin.api.request import Request
from host_tools.twin.faults.api import ApiFaults
from host_tools.twin.faults.book import FaultBook
from host_tools.twin.faults.http import routes

MAX_BODY_BYTES = 1 << 20
MAX_HEAD_BYTES = 1 << 18
"""Room for SendMessage's 64 KB in the query, three characters a byte."""
_GRACE_S = 2


class _Endpoint:
    """The control plane as an ASGI application: an object, so that no method is turned away before it."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        try:
            body = await _body(http)
        except ClientDisconnect:
            return  # nobody is there to answer
        request = _request(http, body or b"")
        answer = self._control.too_large(request) if body is None else self._control.answer(request)
        await _response(answer)(scope, receive, send)


def application(
    control: Control, book: FaultBook | None = None, faults: ApiFaults | None = None
) -> Starlette:
    """The ASGI application; every path and method goes to the control plane, which refuses what it must.

    All but the faults' own path, where there is a `book` of them.
    """
    endpoint = _Endpoint(control)
    if faults is not None:
        faults.app = endpoint
    found = Starlette(routes=[*(routes(book) if book else ())])
    # Not a route: a pattern for paths leaves some out, and a redirection would go to what nobody asked for.
    found.router.redirect_slashes = False
    found.router.default = faults or endpoint
    return found


def _response(answer: Answer) -> Response:
    return Response(answer.encoded(), answer.status, {"content-type": answer.content_type, **answer.headers})


async def _body(request: HttpRequest) -> bytes | None:
    """The whole body; None as soon as it is too large."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _request(request: HttpRequest, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        # Of two equal names one could be what was signed, the other what is read: join them.
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    path = request.scope.get("raw_path", b"/").decode("latin-1")
    return Request(request.method, path, request.scope["query_string"].decode("latin-1"), headers, body)


class ApiServer(HttpServer):
    """The control plane, and the faults that are set on it."""

    def __init__(self, control: Control, book: FaultBook) -> None:
        self.faults = ApiFaults(book, self._cut)
        app = application(control, book, self.faults)
        super().__init__(app, grace_s=_GRACE_S, h11_max_incomplete_event_size=MAX_HEAD_BYTES)

    def _cut(self, client: tuple[str, int] | None) -> None:
        """Close a peer's connection without an answer."""
        for connection in self.server_state.connections:
            if isinstance(connection, H11Protocol) and connection.client == client:
                connection.transport.abort()
