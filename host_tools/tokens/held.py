"""The tokens that the server holds, and what keeps replicas out of each other's way."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from host_tools.tokens.database import upsert, was_done
from host_tools.tokens.pacing import Book, Pace, admit
from host_tools.tokens.schema import leases, paces, tokens
from host_tools.tokens.scopes import Scope
from host_tools.tokens.sealing import Seal


@dataclass(frozen=True, slots=True)
class Held:
    """A token of `scope`; `key_id` is the AccessKeyId that applied for it."""

    scope: Scope
    key_id: str
    text: str = field(repr=False)
    expires_ms: int

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.text)

    def left_s(self, now_ms: int) -> float:
        """Seconds until it ends."""
        return (self.expires_ms - now_ms) / 1000


def fingerprint(token: str) -> str:
    """Names a token without being one: the first half of its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def put(tx: Connection, token: Held, seal: Seal) -> None:
    """Keeps a new token."""
    tx.execute(
        insert(tokens).values(
            fingerprint=token.fingerprint,
            scope=token.scope.key,
            key_id=token.key_id,
            kind=token.scope.kind,
            resources=json.dumps(token.scope.resources),
            sealed=seal.close(token.text, token.fingerprint),
            life_s=token.scope.life_s,
            expires_ms=token.expires_ms,
        )
    )


def best(tx: Connection, wanted: Sequence[Scope], key_id: str, now_ms: int, seal: Seal) -> dict[str, Held]:
    """For each scope, by its key, the token that lasts longest; none for a scope without."""
    by_key = {scope.key: scope for scope in wanted}
    found = (
        select(tokens.c.scope, tokens.c.fingerprint, tokens.c.sealed, tokens.c.expires_ms)
        .where(tokens.c.scope.in_(by_key), tokens.c.key_id == key_id)
        .where(tokens.c.expires_ms > now_ms, tokens.c.revoked_ms.is_(None))
        .order_by(tokens.c.expires_ms)
    )
    # The later rows last longer, and take the place of the earlier.
    rows = {row.scope: row for row in tx.execute(found)}
    return {
        key: Held(by_key[key], key_id, seal.open(row.sealed, row.fingerprint), row.expires_ms)
        for key, row in rows.items()
    }


def listed(tx: Connection, now_ms: int, *, after: str, size: int) -> list[dict[str, Any]]:
    """Tokens that have not ended, without their text, ordered by fingerprint."""
    found = (
        select(tokens)
        .where(tokens.c.fingerprint > after, tokens.c.expires_ms > now_ms)
        .order_by(tokens.c.fingerprint)
        .limit(size)
    )
    return [_facts(row) for row in tx.execute(found)]


def count(tx: Connection, now_ms: int) -> int:
    """How many tokens are good."""
    good = (
        select(func.count())
        .select_from(tokens)
        .where(tokens.c.expires_ms > now_ms, tokens.c.revoked_ms.is_(None))
    )
    return tx.execute(good).scalar_one()


def take_lease(tx: Connection, scope: str, holder: str, now_ms: int, for_ms: int) -> bool:
    """Whether `holder` is now the one that applies for `scope`; after `for_ms` others may, if it is gone."""
    row = {"scope": scope, "holder": holder, "until_ms": now_ms + for_ms}
    taken = upsert(tx, leases).values(**row)
    taken = taken.on_conflict_do_update(
        index_elements=[leases.c.scope], set_=row, where=leases.c.until_ms <= now_ms
    )
    return was_done(tx, taken, leases)


def extend_lease(tx: Connection, scope: str, holder: str, until_ms: int) -> None:
    """Keeps a lease that `holder` still has."""
    own = update(leases).where(leases.c.scope == scope, leases.c.holder == holder)
    tx.execute(own.values(until_ms=until_ms))


def give_back_lease(tx: Connection, scope: str, holder: str) -> None:
    """Others may apply at once."""
    tx.execute(delete(leases).where(leases.c.scope == scope, leases.c.holder == holder))


def pace(tx: Connection, operation: str, rule: Pace, who: str, now_ms: int) -> int:
    """0 if `who` may call `operation` now, which then counts; else the ms until it may ask again."""
    tx.execute(upsert(tx, paces).values(operation=operation, book="{}").on_conflict_do_nothing())
    kept = tx.execute(
        select(paces.c.book).where(paces.c.operation == operation).with_for_update()
    ).scalar_one()
    book, wait_ms = admit(Book(**json.loads(kept)), rule, who, now_ms)
    text = json.dumps({"window": book.window, "used": dict(book.used), "wanted": dict(book.wanted)})
    tx.execute(update(paces).where(paces.c.operation == operation).values(book=text))
    return wait_ms


def _facts(row: Row[Any]) -> dict[str, Any]:
    return {
        "fingerprint": row.fingerprint,
        "kind": row.kind,
        "resources": json.loads(row.resources),
        "key_id": row.key_id,
        "life_s": row.life_s,
        "expires_ms": row.expires_ms,
        "revoked": row.revoked_ms is not None,
    }
