"""What an administrator calls: accounts, what is held, what is revoked, who got what."""

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from host_tools.errors import UsageError
from host_tools.tokens import accounts, audit, held, refusals, revocations
from host_tools.tokens.account import Account
from host_tools.tokens.refusals import RefusedError
from host_tools.tokens.scopes import rights
from host_tools.tokens.web import models
from host_tools.tokens.web.device import common
from host_tools.tokens.world import World

_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": models.RefusalOut, "description": "It exists"}}
_BIGGEST = 2**53
Size = Annotated[int, Query(ge=1, le=1000)]
NameInPath = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_@-]+$")]
NameAsked = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_@-]*$")]
_bearer = HTTPBearer(auto_error=False, description="The key in admin.key")


class Admin:
    """A dependency that lets nobody in without the admin key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def __call__(self, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        if given is None or not hmac.compare_digest(given.credentials.encode(), self._key):
            raise RefusedError(refusals.UNAUTHORISED)


def routes(world: World, admin: Admin) -> APIRouter:
    """Everything below /v1/admin."""
    router = APIRouter(prefix="/v1/admin", tags=["administration"], dependencies=[Depends(admin)])
    _account_routes(router, world)
    _token_routes(router, world)
    return router


def _account_routes(router: APIRouter, world: World) -> None:
    @router.get("/accounts", response_model=models.AccountsOut, responses=common(401))
    async def list_accounts(after: NameAsked = "", size: Size = 100) -> dict[str, Any]:
        """Accounts in the order of their names, those after `after`."""
        found = await world.store.run(lambda tx: accounts.page(tx, after, size))
        return {"accounts": [each.facts() for each in found]}

    @router.post(
        "/accounts", status_code=201, response_model=models.AccountOut, responses=common(401) | _CONFLICT
    )
    async def add_account(asked: models.AccountIn) -> dict[str, Any]:
        """A new account, with a key that the caller has made."""
        account = _account(asked.name, asked.kind, asked)
        made = await world.store.run(
            lambda tx: accounts.add(tx, account, asked.key, world.seal, world.now_ms())
        )
        world.log.event("account-added", account=made.name)
        return made.facts()

    @router.get("/accounts/{name}", response_model=models.AccountOut, responses=common(401, 404))
    async def get_account(name: NameInPath) -> dict[str, Any]:
        """One account."""
        return (await world.store.run(lambda tx: accounts.get(tx, name))).facts()

    @router.put("/accounts/{name}", response_model=models.AccountOut, responses=common(401, 404) | _CONFLICT)
    async def change_account(name: NameInPath, asked: models.AccountFields) -> dict[str, Any]:
        """Replaces all of an account but its name, its kind and its key."""
        changed = await world.store.run(
            lambda tx: accounts.change(tx, _account(name, accounts.get(tx, name).kind, asked), world.now_ms())
        )
        world.log.event("account-changed", account=name)
        return changed.facts()

    @router.put("/accounts/{name}/key", status_code=204, response_class=Response, responses=common(401, 404))
    async def change_key(name: NameInPath, asked: models.KeyIn) -> None:
        """A new device key; the one before is void."""
        await world.store.run(lambda tx: accounts.set_key(tx, name, asked.key, world.seal, world.now_ms()))
        world.log.event("account-key-changed", account=name)

    @router.delete("/accounts/{name}", status_code=204, response_class=Response, responses=common(401, 404))
    async def remove_account(name: NameInPath) -> None:
        """Deletes an account; revoke what it was given before, or let it end."""
        await world.store.run(lambda tx: accounts.remove(tx, name, world.now_ms()))
        world.log.event("account-removed", account=name)


def _token_routes(router: APIRouter, world: World) -> None:
    @router.get("/tokens", response_model=models.HeldOut, responses=common(401))
    async def list_tokens(
        after: Annotated[str, Query(max_length=32, pattern="^[0-9a-f]*$")] = "", size: Size = 100
    ) -> dict[str, Any]:
        """Tokens that have not ended, by their fingerprints."""
        found = await world.store.run(lambda tx: held.listed(tx, world.now_ms(), after=after, size=size))
        return {"tokens": found}

    @router.post(
        "/revocations", status_code=202, response_model=models.RevokedOut, responses=common(401, 404)
    )
    async def revoke(asked: models.RevokeIn) -> dict[str, Any]:
        """Queues tokens for RevokeToken; none of them is handed out from now on."""
        queued = await world.store.run(
            lambda tx: revocations.asked_for(tx, asked.account, asked.fingerprint, world.now_ms())
        )
        world.log.event("revocations-queued", account=asked.account, queued=queued)
        return {"queued": queued}

    @router.get("/revocations", response_model=models.QueueOut, responses=common(401))
    async def list_revocations(size: Size = 100) -> dict[str, Any]:
        """The queue and what became of those before, the latest first."""
        return {"revocations": await world.store.run(lambda tx: revocations.listed(tx, size))}

    @router.get("/audit", response_model=models.AuditOut, responses=common(401))
    async def list_audit(
        before: Annotated[int, Query(ge=0, le=_BIGGEST)] = 0, size: Size = 100, account: NameAsked = ""
    ) -> dict[str, Any]:
        """Who got what, the newest first."""
        found = await world.store.run(lambda tx: audit.entries(tx, before=before, size=size, account=account))
        return {"entries": found}


def _account(name: str, kind: str, asked: models.AccountFields) -> Account:
    client_ids = tuple(asked.client_ids)
    if kind == "device" and client_ids not in ((), (name,)):
        raise UsageError("client_ids: a device has only its own", where=f"account {name}")
    return Account(
        name=name,
        kind=kind,
        rights=rights(asked.read, asked.write),
        client_ids=client_ids,
        enabled=asked.enabled,
        life_s=asked.life_s,
        quota_per_day=asked.quota_per_day,
        recovery=asked.recovery,
    )
