"""How many deliveries an account has had today, over all replicas. Days are those of UTC."""

from sqlalchemy import Connection, select

from host_tools.tokens import refusals
from host_tools.tokens.database import upsert, was_done
from host_tools.tokens.refusals import Refusal
from host_tools.tokens.schema import usage

_DAY_MS = 86_400_000


def used_up(tx: Connection, account: str, most: int | None, now_ms: int) -> Refusal | None:
    """The refusal if there is nothing left of `most`; None means no limit."""
    if most is None:
        return None
    today = select(usage.c.deliveries).where(usage.c.account == account, usage.c.day == now_ms // _DAY_MS)
    had = tx.execute(today).scalar()
    return _refusal(now_ms) if had is not None and had >= most else None


def count(tx: Connection, account: str, most: int | None, now_ms: int) -> Refusal | None:
    """Counts one delivery; the refusal if it is one too many, which then does not count."""
    if most is None:
        return None
    one = upsert(tx, usage).values(account=account, day=now_ms // _DAY_MS, deliveries=1)
    more = one.on_conflict_do_update(
        index_elements=[usage.c.account, usage.c.day],
        set_={"deliveries": usage.c.deliveries + 1},
        where=usage.c.deliveries < most,
    )
    return None if was_done(tx, more, usage) else _refusal(now_ms)


def _refusal(now_ms: int) -> Refusal:
    return refusals.quota((_DAY_MS - now_ms % _DAY_MS) // 1000 + 1)
