"""From a device's proof to its tokens: at once what is held and fresh, else after the service was asked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from devcred import signing
from host_tools.errors import CloudRefusedError
from host_tools.tokens import audit, held, policy, quota, refusals
from host_tools.tokens.buckets import Buckets
from host_tools.tokens.challenge import Nonces
from host_tools.tokens.held import Held
from host_tools.tokens.identity import Ask, Caller, prove
from host_tools.tokens.issuer import AwayError, Issuer, standing
from host_tools.tokens.policy import Standing
from host_tools.tokens.refusals import Refusal, RefusedError
from host_tools.tokens.scopes import Scope
from host_tools.tokens.world import World

WITH_A_TOKEN_S = 2.0
"""How long a device that could have an older token waits for the service."""
WITHOUT_S = 9.0
_REFUSED_S = 60


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a device is given; `how` is cached, applied or degraded."""

    caller: Caller
    tokens: Mapping[str, Held] = field(repr=False)
    how: str

    def facts(self, world: World) -> dict[str, Any]:
        """The answer's body."""
        now_ms = world.now_ms()
        texts = {kind: token.text for kind, token in self.tokens.items()}
        expires_ms = min(token.expires_ms for token in self.tokens.values())
        left_s = max(0.0, (expires_ms - now_ms) / 1000)
        number = policy.coming(self.caller.client_id, expires_ms)
        return {
            "client_id": self.caller.client_id,
            "instance_id": world.instance_id,
            "key_id": world.key_id,
            "username": signing.token_username(world.key_id, world.instance_id),
            "password": signing.token_password(texts),
            "tokens": texts,
            "expires_at_s": expires_ms // 1000,
            "expires_in_s": int(left_s),
            "renew_in_s": world.sharing.renew_in_s(left_s, number),
            "degraded": self.how == "degraded",
        }


@dataclass(frozen=True, slots=True)
class _Short:
    """Proved, and not all that is wanted is held fresh."""

    caller: Caller
    wanted: Sequence[Scope]
    held: Mapping[str, Held] = field(repr=False)


class Counter:
    """Where tokens are handed out."""

    def __init__(
        self, world: World, nonces: Nonces, issuer: Issuer, *, life_s: int, per_account: Buckets
    ) -> None:
        self._world = world
        self._nonces = nonces
        self._issuer = issuer
        self._life_s = life_s
        self._per_account = per_account

    async def deliver(self, ask: Ask) -> Delivery:
        """The tokens of the device that asks. Raises RefusedError."""
        found = await self._world.store.run(lambda tx: self._begin(tx, ask))
        if isinstance(found, _Short):
            tokens, how = await self._fill(found)
            caller = found.caller
            found = await self._world.store.run(lambda tx: self._hand_out(tx, caller, ask, tokens, how))
        if isinstance(found, Refusal):
            raise RefusedError(found)
        self._world.metrics.deliveries.labels(found.how).inc()
        for token in found.tokens.values():
            if standing(self._world, token) is Standing.AGEING:
                self._issuer.renew(token.scope)
        return found

    def _begin(self, tx: Connection, ask: Ask) -> Delivery | _Short | Refusal:
        world = self._world
        caller = prove(tx, world, self._nonces, ask, "tokens")
        if isinstance(caller, Refusal):
            return caller
        refusal = limited(world, self._per_account, caller.account.name)
        refusal = refusal or quota.used_up(tx, caller.account.name, caller.quota_per_day, world.now_ms())
        if refusal:
            return refusal
        wanted = caller.scopes(self._life_s)
        if not wanted:
            return refusals.NO_TOPICS
        if any(len(scope.resources) > policy.MAX_RESOURCES for scope in wanted):
            return refusals.TOO_MANY_TOPICS
        found = held.best(tx, wanted, world.key_id, world.now_ms(), world.seal)
        good = [standing(world, token) in (Standing.FRESH, Standing.AGEING) for token in found.values()]
        if len(good) < len(wanted) or not all(good):
            return _Short(caller, wanted, found)
        return self._hand_out(tx, caller, ask, _by_kind(found.values()), "cached")

    def _hand_out(
        self, tx: Connection, caller: Caller, ask: Ask, tokens: Mapping[str, Held], how: str
    ) -> Delivery | Refusal:
        world, name = self._world, caller.account.name
        refusal = quota.count(tx, name, caller.quota_per_day, world.now_ms())
        if refusal:
            return refusal
        audit.enter(
            tx,
            world.now_ms(),
            "delivered",
            account=name,
            client_id=caller.client_id,
            address=ask.address,
            fingerprints=[token.fingerprint for token in tokens.values()],
            detail=how,
        )
        return Delivery(caller, tokens, how)

    async def _fill(self, short: _Short) -> tuple[Mapping[str, Held], str]:
        """A token for each scope: fresh where the service gives one, else what is left of an older one."""
        found = await asyncio.gather(*(self._one(scope, short.held.get(scope.key)) for scope in short.wanted))
        hows = {how for _, how in found}
        how = "degraded" if "degraded" in hows else "applied"
        return _by_kind([token for token, _ in found]), how

    async def _one(self, scope: Scope, old: Held | None) -> tuple[Held, str]:
        now = standing(self._world, old) if old else Standing.SPENT
        if old and now in (Standing.FRESH, Standing.AGEING):
            return old, "cached"
        try:
            within_s = WITHOUT_S if now is Standing.SPENT else WITH_A_TOKEN_S
            return await self._issuer.obtain(scope, within_s), "applied"
        except AwayError as away:
            if old and standing(self._world, old) is not Standing.SPENT:
                return old, "degraded"
            retry_in_s = policy.retry_in_s(away.retry_s, self._world.random())
            raise RefusedError(refusals.unavailable(retry_in_s)) from None
        except CloudRefusedError:
            # Not handed out although an older one may be good: the service has said that it is not to be.
            retry_in_s = policy.retry_in_s(_REFUSED_S, self._world.random())
            raise RefusedError(refusals.service_refused(retry_in_s)) from None


def limited(world: World, buckets: Buckets, account: str) -> Refusal | None:
    """The refusal for an account that asks too often."""
    wait_s = buckets.take(account, world.monotonic())
    if not wait_s:
        return None
    world.metrics.limited.labels("account").inc()
    return refusals.slow_down(policy.retry_in_s(wait_s, world.random()))


def _by_kind(tokens: Sequence[Held] | Any) -> dict[str, Held]:
    return {token.scope.kind: token for token in tokens}
