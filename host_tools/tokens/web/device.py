"""What devices call."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from host_tools.tokens.challenge import Nonces
from host_tools.tokens.delivery import Counter
from host_tools.tokens.identity import Ask
from host_tools.tokens.recovery import Recovery
from host_tools.tokens.web.guard import address
from host_tools.tokens.web.models import (
    ChallengeIn,
    ChallengeOut,
    CredentialOut,
    ProofIn,
    RefusalOut,
    TokensOut,
)
from host_tools.tokens.world import World

_NO: dict[int | str, dict[str, Any]] = {
    status: {"model": RefusalOut, "description": about}
    for status, about in {
        401: "The nonce or the proof is no good",
        403: "Switched off, without topics, or not allowed",
        404: "The service holds no credential",
        408: "The body did not come in time",
        413: "The body is too large",
        422: "Not a request of this form",
        429: "Too many requests; wait for Retry-After",
        503: "Nothing to hand out, and the service cannot be asked; wait for Retry-After",
    }.items()
}


def common(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that an operation may answer with, for the OpenAPI document."""
    return {status: _NO[status] for status in sorted({408, 413, 422, 429, 503, *statuses})}


def routes(world: World, nonces: Nonces, counter: Counter, recovery: Recovery) -> APIRouter:
    """`POST /v1/challenge`, `/v1/tokens`, `/v1/credential`."""
    router = APIRouter(prefix="/v1", tags=["devices"])

    @router.post("/challenge", response_model=ChallengeOut, responses=common())
    async def challenge(asked: ChallengeIn) -> JSONResponse:
        """A nonce for one attempt to prove who asks."""
        world.metrics.challenges.inc()
        nonce = nonces.make(asked.client_id, world.now_ms())
        return JSONResponse({"nonce": nonce, "expires_in_s": nonces.life_s})

    @router.post("/tokens", response_model=TokensOut, responses=common(401, 403))
    async def tokens(asked: ProofIn, request: Request) -> JSONResponse:
        """User name, password and tokens of a device that proves itself."""
        return await _private(counter_facts, asked, request)

    @router.post(
        "/credential",
        response_model=CredentialOut,
        response_model_exclude_none=True,
        responses=common(401, 403, 404),
    )
    async def credential(asked: ProofIn, request: Request) -> JSONResponse:
        """The device's present DeviceCredential, once, where the operator has allowed it."""
        return await _private(recovery.deliver, asked, request)

    async def counter_facts(ask: Ask) -> dict[str, Any]:
        return (await counter.deliver(ask)).facts(world)

    return router


async def _private(
    deliver: Callable[[Ask], Awaitable[dict[str, Any]]], asked: ProofIn, request: Request
) -> JSONResponse:
    ask = Ask(asked.client_id, asked.nonce, asked.proof, address(request.scope))
    return JSONResponse(await deliver(ask), headers={"Cache-Control": "no-store"})
