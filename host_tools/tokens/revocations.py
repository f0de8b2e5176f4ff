"""The queue of tokens to revoke: in the database, so that it outlives restarts; worked off at its pace."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select, update

from host_tools.errors import UsageError
from host_tools.tokens import accounts, audit
from host_tools.tokens.database import insert_new
from host_tools.tokens.schema import revocations, tokens
from host_tools.tokens.sealing import Seal

_CLAIM_MS = 30_000
"""How long one replica may take for a call; after that another one tries."""
_FIRST_MS = 1000
_MOST_MS = 60_000


@dataclass(frozen=True, slots=True)
class Due:
    """A token to revoke now; this is attempt number `attempts`."""

    fingerprint: str
    token: str = field(repr=False)
    attempts: int


def ask(tx: Connection, fingerprints: Sequence[str], now_ms: int) -> int:
    """Puts the good ones of these tokens into the queue; none is handed out again. Gives how many."""
    asked = 0
    for fingerprint in fingerprints:
        revoked = update(tokens).where(
            tokens.c.fingerprint == fingerprint, tokens.c.revoked_ms.is_(None), tokens.c.expires_ms > now_ms
        )
        if tx.execute(revoked.values(revoked_ms=now_ms)).rowcount == 1:
            row = {"asked_ms": now_ms, "due_ms": now_ms, "attempts": 0, "outcome": "waiting"}
            insert_new(tx, revocations, fingerprint=fingerprint, **row)
            asked += 1
    return asked


def held_by(tx: Connection, account: str, now_ms: int) -> list[str]:
    """The good tokens that an account was given; other accounts of the same scope have them too."""
    given = audit.delivered_to(account)
    good = select(tokens.c.fingerprint).where(
        tokens.c.fingerprint.in_(given), tokens.c.revoked_ms.is_(None), tokens.c.expires_ms > now_ms
    )
    return list(tx.execute(good).scalars())


def claim(tx: Connection, now_ms: int, seal: Seal) -> Due | None:
    """The next to revoke, for this caller alone for a while; None if there is none."""
    waiting = revocations.c.done_ms.is_(None) & (revocations.c.due_ms <= now_ms)
    first = select(revocations.c.fingerprint).where(waiting).order_by(revocations.c.due_ms).limit(1)
    claimed = (
        update(revocations)
        .where(revocations.c.fingerprint == first.scalar_subquery(), waiting)
        .values(due_ms=now_ms + _CLAIM_MS, attempts=revocations.c.attempts + 1)
        .returning(revocations.c.fingerprint, revocations.c.attempts)
    )
    row = tx.execute(claimed).first()
    if row is None:
        return None
    sealed = tx.execute(select(tokens.c.sealed).where(tokens.c.fingerprint == row.fingerprint)).scalar()
    if sealed is None:
        done(tx, row.fingerprint, now_ms, "expired")
        return None
    return Due(row.fingerprint, seal.open(sealed, row.fingerprint), row.attempts)


def done(tx: Connection, fingerprint: str, now_ms: int, outcome: str) -> None:
    """It needs no further call: "revoked", "expired" or "refused"."""
    changed = update(revocations).where(revocations.c.fingerprint == fingerprint)
    tx.execute(changed.values(done_ms=now_ms, outcome=outcome))


def again(tx: Connection, due: Due, now_ms: int) -> None:
    """The call failed: another one later, the waits doubling."""
    pause_ms = min(_MOST_MS, _FIRST_MS << min(due.attempts - 1, 10))
    changed = update(revocations).where(revocations.c.fingerprint == due.fingerprint)
    tx.execute(changed.values(due_ms=now_ms + pause_ms, outcome="failed"))


def give_back(tx: Connection, due: Due, now_ms: int) -> None:
    """This replica ends; another may take it at once."""
    changed = update(revocations).where(revocations.c.fingerprint == due.fingerprint)
    tx.execute(changed.values(due_ms=now_ms))


def waiting(tx: Connection) -> int:
    """How many have not been revoked yet."""
    left = select(func.count()).select_from(revocations).where(revocations.c.done_ms.is_(None))
    return tx.execute(left).scalar_one()


def listed(tx: Connection, size: int) -> list[dict[str, Any]]:
    """The queue and what became of those before, the latest first."""
    found = select(revocations).order_by(revocations.c.asked_ms.desc(), revocations.c.fingerprint).limit(size)
    return [dict(row) for row in tx.execute(found).mappings()]


def asked_for(tx: Connection, account: str | None, fingerprint: str | None, now_ms: int) -> int:
    """Puts into the queue what an account was given, or one token; gives how many.

    UsageError unless just one of the two is given; NoAccountError for an account that was never there.
    """
    if (account is None) == (fingerprint is None):
        raise UsageError("give either an account or a fingerprint", where="revoke")
    if account is None:
        found = [fingerprint] if fingerprint else []
    else:
        found = held_by(tx, account, now_ms)
        if not found:
            # An account that was removed may still hold tokens; one that never was is a slip of the pen.
            accounts.get(tx, account)
    asked = ask(tx, found, now_ms)
    audit.enter(tx, now_ms, "revocation", account=account or "", fingerprints=found or ("",))
    return asked
