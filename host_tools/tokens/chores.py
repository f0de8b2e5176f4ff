"""What each replica does beside answering: works off revocations, and throws away what is past."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from sqlalchemy import Connection, delete

from host_tools.errors import CloudError, CloudRefusedError, MachineError
from host_tools.tokens import audit, held, revocations
from host_tools.tokens.control import Control
from host_tools.tokens.issuer import paced
from host_tools.tokens.pacing import REVOKE
from host_tools.tokens.revocations import Due
from host_tools.tokens.schema import audit as audit_table
from host_tools.tokens.schema import leases, tokens, usage, used_nonces
from host_tools.tokens.schema import revocations as queue
from host_tools.tokens.world import World

_IDLE_S = 0.5
_SWEEP_S = 60.0
_DAY_MS = 86_400_000
_KEPT_MS = _DAY_MS


class Chores:
    """`start` and `close` in the event loop. When the database fails the next round tries again."""

    def __init__(self, world: World, control: Control, audit_days: int) -> None:
        self._world = world
        self._control = control
        self._audit_ms = audit_days * _DAY_MS
        self._pace = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin both rounds."""
        self._tasks = [
            asyncio.create_task(self._repeated(self._revoke_next, _IDLE_S)),
            asyncio.create_task(self._repeated(self._sweep, _SWEEP_S)),
        ]

    async def close(self) -> None:
        """End them; a revocation that is under way is found in the queue again later."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _repeated(self, work: Callable[[], Awaitable[bool]], pause_s: float) -> None:
        while True:
            try:
                more = await work()
            except MachineError as error:
                self._world.log.event("chore-failed", why=str(error))
                more = False
            if not more:
                await asyncio.sleep(pause_s)

    async def _revoke_next(self) -> bool:
        """Whether there was one to revoke."""
        world = self._world
        claiming = asyncio.ensure_future(
            world.store.run(lambda tx: revocations.claim(tx, world.now_ms(), world.seal))
        )
        try:
            due = await asyncio.shield(claiming)
            if due is None:
                return False
            await paced(
                world,
                self._pace,
                lambda tx, now_ms: held.pace(tx, "RevokeToken", REVOKE, world.replica, now_ms),
            )
            outcome = await self._revoked(due)
        except asyncio.CancelledError:
            # Claimed in any case by now; left so, it would wait until the claim runs out.
            with suppress(MachineError):
                if claimed := await claiming:
                    await world.store.run(lambda tx: revocations.give_back(tx, claimed, world.now_ms()))
            raise
        await world.store.run(lambda tx: self._note(tx, due, outcome))
        return True

    async def _revoked(self, due: Due) -> str:
        """What came of it, "" for a failure after which it is tried again."""
        calls = self._world.metrics.calls
        try:
            await self._control.revoke(due.token)
        except CloudRefusedError as error:
            calls.labels("RevokeToken", "refused").inc()
            self._world.log.event("revoke-refused", fingerprint=due.fingerprint, why=str(error))
            return "refused"
        except CloudError as error:
            calls.labels("RevokeToken", type(error).__name__).inc()
            self._world.log.event("revoke-failed", fingerprint=due.fingerprint, why=str(error))
            return ""
        calls.labels("RevokeToken", "ok").inc()
        return "revoked"

    def _note(self, tx: Connection, due: Due, outcome: str) -> None:
        now_ms = self._world.now_ms()
        if not outcome:
            revocations.again(tx, due, now_ms)
            return
        revocations.done(tx, due.fingerprint, now_ms, outcome)
        audit.enter(tx, now_ms, outcome, fingerprints=[due.fingerprint])

    async def _sweep(self) -> bool:
        world = self._world
        good, waiting = await world.store.run(self._swept)
        world.metrics.tokens.set(good)
        world.metrics.revocations_waiting.set(waiting)
        return False

    def _swept(self, tx: Connection) -> tuple[int, int]:
        now_ms = self._world.now_ms()
        past = (
            (used_nonces, used_nonces.c.expires_ms < now_ms),
            (tokens, tokens.c.expires_ms < now_ms - _KEPT_MS),
            (leases, leases.c.until_ms < now_ms - _KEPT_MS),
            (queue, queue.c.done_ms < now_ms - self._audit_ms),
            (usage, usage.c.day < now_ms // _DAY_MS - 1),
            (audit_table, audit_table.c.at_ms < now_ms - self._audit_ms),
        )
        for table, is_past in past:
            tx.execute(delete(table).where(is_past))
        return held.count(tx, now_ms), revocations.waiting(tx)
