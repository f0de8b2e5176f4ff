"""The whole HTTP application: routes, refusals, the OpenAPI document."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Scope

import devcred as agent
from host_tools.errors import MachineError, ToolError, UsageError
from host_tools.tokens import metrics, policy, refusals
from host_tools.tokens.account import AccountExistsError, NoAccountError
from host_tools.tokens.parts import Parts
from host_tools.tokens.refusals import Refusal, RefusedError
from host_tools.tokens.web import admin, device
from host_tools.tokens.web.guard import Guard, told
from host_tools.tokens.web.models import HealthOut, ReadyOut
from host_tools.tokens.world import World

_ABOUT = "Tokens for devices of ApsaraMQ for MQTT. Every refusal reads {error, detail, retry_in_s}."
_DATABASE_S = 5


def application(parts: Parts) -> Guard:
    """The ASGI application."""
    app = FastAPI(
        title="devcred token server",
        version=agent.__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
    )
    world = parts.world
    doorkeeper = admin.Admin(parts.admin_key)
    app.include_router(device.routes(world, parts.nonces, parts.counter, parts.recovery))
    app.include_router(admin.routes(world, doorkeeper))
    _watching(app, parts, doorkeeper)
    _handlers(app, world)
    return Guard(app, world, parts.per_address, _route_of)


def _watching(app: FastAPI, parts: Parts, doorkeeper: admin.Admin) -> None:
    @app.get("/healthz", response_model=HealthOut, tags=["operation"])
    async def health() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get(
        "/readyz",
        response_model=ReadyOut,
        responses={503: {"model": ReadyOut, "description": "No requests should be sent here"}},
        tags=["operation"],
    )
    async def ready() -> JSONResponse:
        """Whether this replica should get requests; an outage of the service is no reason against it."""
        database = await parts.world.store.is_up()
        found = {
            "ready": database and not parts.stopping,
            "database": database,
            "service": not parts.issuer.breaker.failing,
            "stopping": parts.stopping,
        }
        return JSONResponse(found, 200 if found["ready"] else 503)

    @app.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **device.common(401)},
        dependencies=[Depends(doorkeeper)],
        tags=["operation"],
    )
    async def metrics_() -> Response:
        """For Prometheus, with the admin key as its bearer token."""
        return Response(parts.world.metrics.text(), media_type=metrics.CONTENT_TYPE)


def _handlers(app: FastAPI, world: World) -> None:
    async def refused(request: Request, error: Any) -> JSONResponse:
        return told(world, error.refusal)

    async def invalid(request: Request, error: Any) -> JSONResponse:
        return told(world, refusals.malformed(_what_is_wrong(error)))

    async def http(request: Request, error: Any) -> JSONResponse:
        # FastAPI says 400 of a body that is no text, 422 of one that is no JSON: to a client the same.
        status = 422 if error.status_code == 400 else error.status_code
        found = told(world, Refusal(status, "malformed", str(error.detail), 3600))
        found.headers.update(error.headers or {})
        return found

    async def tool(request: Request, error: Any) -> JSONResponse:
        return told(world, _of_tool(error, world))

    async def broken(request: Request, error: Any) -> JSONResponse:
        # Starlette raises it again afterwards, and the guard reports it.
        return told(world, refusals.BROKEN)

    app.add_exception_handler(RefusedError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ToolError, tool)
    app.add_exception_handler(Exception, broken)


def _of_tool(error: ToolError, world: World) -> Refusal:
    if isinstance(error, NoAccountError):
        return Refusal(404, "no-account", error.what, 3600)
    if isinstance(error, AccountExistsError):
        return Refusal(409, "exists", error.what, 3600)
    if isinstance(error, UsageError):
        return refusals.malformed(error.what)
    world.log.event("failed", why=str(error))
    if isinstance(error, MachineError):
        return Refusal(503, "unavailable", error.what, policy.retry_in_s(_DATABASE_S, world.random()))
    return refusals.BROKEN


def _what_is_wrong(error: RequestValidationError) -> str:
    """The first fault, by its place and rule; never what was sent, which may be a proof or a key."""
    first = error.errors()[0]
    place = ".".join(str(each) for each in first["loc"] if isinstance(each, int) or each.isascii())
    return f"{place[:80]}: {first['type']}"


def _route_of(scope: Scope) -> str:
    route = scope.get("route")
    return str(getattr(route, "path", "other"))
