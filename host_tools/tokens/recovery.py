"""For a device that missed a rotation: its present DeviceCredential, once, by the operator's leave."""

from typing import Any

from sqlalchemy import Connection, update

from devcred import signing
from host_tools.cloud.credentials import DeviceCredential
from host_tools.errors import CloudError, CloudRefusedError
from host_tools.tokens import audit, policy, refusals
from host_tools.tokens.challenge import Nonces
from host_tools.tokens.control import Control
from host_tools.tokens.identity import Ask, Caller, prove
from host_tools.tokens.refusals import Refusal, RefusedError
from host_tools.tokens.schema import accounts
from host_tools.tokens.world import World

_AWAY_S = 30


class Recovery:
    """Where credentials are handed out."""

    def __init__(self, world: World, nonces: Nonces, control: Control) -> None:
        self._world = world
        self._nonces = nonces
        self._control = control

    async def deliver(self, ask: Ask) -> dict[str, Any]:
        """A credential record's payload. Raises RefusedError; the leave is used up only by an answer."""
        caller = await self._world.store.run(lambda tx: self._begin(tx, ask))
        if isinstance(caller, Refusal):
            raise RefusedError(caller)
        found = await self._fetch(caller)
        refusal = await self._world.store.run(lambda tx: self._use(tx, caller, ask, found))
        if refusal:
            raise RefusedError(refusal)
        self._world.metrics.credentials.inc()
        self._world.log.event("credential-delivered", client_id=ask.client_id, address=ask.address)
        return _record(found, caller.account.recovery)

    def _begin(self, tx: Connection, ask: Ask) -> Caller | Refusal:
        caller = prove(tx, self._world, self._nonces, ask, "credential")
        if isinstance(caller, Caller) and caller.account.recovery == "off":
            return refusals.NOT_ALLOWED
        return caller

    async def _fetch(self, caller: Caller) -> DeviceCredential:
        calls = self._world.metrics.calls
        try:
            found = await self._control.credential(caller.client_id)
        except CloudError as error:
            calls.labels("GetDeviceCredential", type(error).__name__).inc()
            self._world.log.event("credential-failed", client_id=caller.client_id, why=str(error))
            retry_in_s = policy.retry_in_s(_AWAY_S, self._world.random())
            refused = isinstance(error, CloudRefusedError)
            refusal = refusals.service_refused if refused else refusals.unavailable
            raise RefusedError(refusal(retry_in_s)) from None
        calls.labels("GetDeviceCredential", "ok").inc()
        if found is None:
            raise RefusedError(refusals.NO_CREDENTIAL)
        return found

    def _use(self, tx: Connection, caller: Caller, ask: Ask, found: DeviceCredential) -> Refusal | None:
        """Takes the leave back, in one step with the note of what it was used for."""
        account = caller.account
        leave = update(accounts).where(
            accounts.c.name == account.name, accounts.c.recovery == account.recovery
        )
        if tx.execute(leave.values(recovery="off")).rowcount != 1:
            return refusals.NOT_ALLOWED
        audit.enter(
            tx,
            self._world.now_ms(),
            "credential",
            account=account.name,
            client_id=caller.client_id,
            address=ask.address,
            fingerprints=[found.key_id],
            detail=account.recovery,
        )
        return None


def _record(found: DeviceCredential, recovery: str) -> dict[str, Any]:
    common = {"client_id": found.client_id, "instance_id": found.instance_id, "key_id": found.key_id}
    if recovery == "secret":
        return common | {"secret": found.secret}
    return common | {"password": signing.password(found.client_id, found.secret)}
