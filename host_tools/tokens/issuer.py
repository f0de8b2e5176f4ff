"""Applies to the service for tokens: one call at a time for a scope, over all replicas, at its pace."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from sqlalchemy import Connection

from host_tools.errors import CloudError, CloudRefusedError, CloudThrottledError, MachineError, ToolError
from host_tools.tokens import audit, held, policy
from host_tools.tokens.breaker import Breaker
from host_tools.tokens.control import THREADS, Control
from host_tools.tokens.held import Held
from host_tools.tokens.pacing import APPLY
from host_tools.tokens.policy import Standing
from host_tools.tokens.scopes import Scope
from host_tools.tokens.world import World

_LEASE_MS = 4000
_BEAT_S = 1.0
"""A lease is kept up while its holder lives: if it dies, another replica applies before devices give up."""
_POLL_S = 0.05
_REFUSED_S = 30.0
MOST_AT_ONCE = 2000
BUSY_S = 5.0


class AwayError(ToolError):
    """The service cannot be asked at this moment; `retry_s` says when it may be."""

    def __init__(self, what: str, retry_s: float) -> None:
        super().__init__(what, where="ApplyToken", do="try again later")
        self.retry_s = retry_s


class Issuer:
    """`obtain` waits for a token, `renew` sees to it in the background."""

    def __init__(self, world: World, control: Control) -> None:
        self._world = world
        self._control = control
        self.breaker = Breaker(world.random)
        self._under_way: dict[str, asyncio.Task[Held]] = {}
        self._refused: dict[str, tuple[float, CloudRefusedError]] = {}
        self._pace = asyncio.Lock()
        self._places = asyncio.Semaphore(THREADS)

    async def obtain(self, scope: Scope, within_s: float) -> Held:
        """A fresh token. Raises AwayError, or CloudRefusedError where the service says no to this scope.

        All who ask for one scope wait for one call. It goes on when they give up after `within_s`.
        """
        try:
            return await asyncio.wait_for(asyncio.shield(self._task(scope)), within_s)
        except TimeoutError:
            raise AwayError("no answer in time", BUSY_S) from None

    def renew(self, scope: Scope) -> None:
        """Get a fresh token for those who come later; a failure is theirs to see."""
        if not self.breaker.failing and len(self._under_way) < MOST_AT_ONCE:
            # Refused a moment ago: that is for those to hear who have no token yet.
            with suppress(CloudRefusedError):
                self._task(scope)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _task(self, scope: Scope) -> "asyncio.Task[Held]":
        task = self._under_way.get(scope.key)
        if task is None:
            self._check(scope)
            task = asyncio.create_task(self._fetch(scope))
            self._under_way[scope.key] = task
            task.add_done_callback(lambda done: self._ended(scope.key, done))
        return task

    def _check(self, scope: Scope) -> None:
        now_s = self._world.monotonic()
        until_s, error = self._refused.get(scope.key, (0.0, None))
        if error is not None and now_s < until_s:
            raise error
        self._refused.pop(scope.key, None)
        if wait_s := self.breaker.closed_for_s(now_s):
            raise AwayError("the service failed a moment ago", wait_s)
        if len(self._under_way) >= MOST_AT_ONCE:
            raise AwayError("too many scopes are waiting", BUSY_S)

    def _ended(self, key: str, task: "asyncio.Task[Held]") -> None:
        self._under_way.pop(key, None)
        # Asked for, so that a failure that nobody waits for is not reported as forgotten.
        error = None if task.cancelled() else task.exception()
        if isinstance(error, CloudRefusedError):
            now_s = self._world.monotonic()
            if len(self._refused) >= MOST_AT_ONCE:
                self._refused = {each: no for each, no in self._refused.items() if now_s < no[0]}
            self._refused[key] = (now_s + _REFUSED_S, error)

    async def _fetch(self, scope: Scope) -> Held:
        while True:
            # Who waits for a place has no lease yet, so that it does not run out in the queue.
            async with self._places:
                found = await self._world.store.run(lambda tx: self._look(tx, scope))
                if found is not None:
                    return await self._leased(scope) if found is True else found
            await asyncio.sleep(_POLL_S)

    async def _leased(self, scope: Scope) -> Held:
        beat = asyncio.create_task(self._keep_lease(scope))
        try:
            return await self._apply(scope)
        finally:
            beat.cancel()
            await self._world.store.run(lambda tx: held.give_back_lease(tx, scope.key, self._world.replica))

    async def _keep_lease(self, scope: Scope) -> None:
        world = self._world
        while True:
            await asyncio.sleep(_BEAT_S)
            # Without the database nobody takes the lease away either.
            with suppress(MachineError):
                await world.store.run(
                    lambda tx: held.extend_lease(tx, scope.key, world.replica, world.now_ms() + _LEASE_MS)
                )

    def _look(self, tx: Connection, scope: Scope) -> Held | Literal[True] | None:
        """Another replica's fresh token; True if it is ours to apply; None if another replica is at it."""
        world, now_ms = self._world, self._world.now_ms()
        # The lease first: a look before it would miss what another replica keeps in between.
        leased = held.take_lease(tx, scope.key, world.replica, now_ms, _LEASE_MS)
        found = held.best(tx, [scope], world.key_id, now_ms, world.seal).get(scope.key)
        if found is not None and standing(world, found) is Standing.FRESH:
            if leased:
                held.give_back_lease(tx, scope.key, world.replica)
            return found
        return True if leased else None

    async def _apply(self, scope: Scope) -> Held:
        await paced(
            self._world,
            self._pace,
            lambda tx, now_ms: held.pace(tx, "ApplyToken", APPLY, self._world.replica, now_ms),
        )
        wait_s = self.breaker.wait_s(self._world.monotonic())
        if wait_s:
            raise AwayError("the service failed a moment ago", wait_s)
        life_s = policy.life_s(scope.life_s)
        expires_ms = self._world.now_ms() + life_s * 1000
        text = await self._called(scope, expires_ms)
        token = Held(scope, self._world.key_id, text, expires_ms)
        await self._world.store.run(lambda tx: self._keep(tx, token))
        return token

    def _keep(self, tx: Connection, token: Held) -> None:
        held.put(tx, token, self._world.seal)
        detail = f"{token.scope.kind} {' '.join(token.scope.resources)} until {token.expires_ms}"
        audit.enter(tx, self._world.now_ms(), "applied", fingerprints=[token.fingerprint], detail=detail)

    async def _called(self, scope: Scope, expires_ms: int) -> str:
        world = self._world
        try:
            with world.metrics.call_seconds.labels("ApplyToken").time():
                text = await self._control.apply(scope, expires_ms)
        except CloudError as error:
            world.metrics.calls.labels("ApplyToken", type(error).__name__).inc()
            world.log.event("apply-failed", kind=scope.kind, scope=scope.key, why=str(error), code=error.code)
            if isinstance(error, CloudRefusedError):
                # It answered, and will say the same to this scope again; others may fare better.
                self.breaker.succeeded()
                raise
            self.breaker.failed(world.monotonic())
            world.metrics.service_up.set(1 if isinstance(error, CloudThrottledError) else 0)
            raise AwayError(error.what, self.breaker.pause_s) from None
        self.breaker.succeeded()
        world.metrics.service_up.set(1)
        world.metrics.calls.labels("ApplyToken", "ok").inc()
        world.log.event("applied", kind=scope.kind, scope=scope.key, fingerprint=held.fingerprint(text))
        return text


def standing(world: World, token: Held) -> Standing:
    """What may be done with a token now."""
    return world.sharing.standing(
        token.scope.life_s, token.left_s(world.now_ms()), policy.spread(token.scope.key)
    )


async def paced(world: World, lock: asyncio.Lock, ask: Callable[[Connection, int], int]) -> None:
    """Returns when a call may be made. One caller of a replica asks at a time, the others queue."""
    async with lock:
        while wait_ms := await world.store.run(lambda tx: ask(tx, world.now_ms())):
            await asyncio.sleep(wait_ms / 1000)
