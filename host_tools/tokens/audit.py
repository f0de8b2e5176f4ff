"""Who got what, when, and from where; never the thing itself."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from host_tools.tokens.schema import audit


def enter(
    tx: Connection,
    now_ms: int,
    event: str,
    *,
    account: str = "",
    client_id: str = "",
    address: str = "",
    fingerprints: Sequence[str] = ("",),
    detail: str = "",
) -> None:
    """One row for each fingerprint. `event` is for example "delivered"; `detail` holds no secret."""
    common = {
        "at_ms": now_ms,
        "event": event,
        "account": account,
        "client_id": client_id,
        "address": address,
        "detail": detail,
    }
    tx.execute(insert(audit), [common | {"fingerprint": each} for each in fingerprints])


def entries(
    tx: Connection, *, before: int, size: int, account: str = "", event: str = ""
) -> list[dict[str, Any]]:
    """Up to `size` entries, the newest first, with a number below `before` (0: from the newest on)."""
    found = select(audit).order_by(audit.c.number.desc()).limit(size)
    if before:
        found = found.where(audit.c.number < before)
    if account:
        found = found.where(audit.c.account == account)
    if event:
        found = found.where(audit.c.event == event)
    return [dict(row) for row in tx.execute(found).mappings()]


def delivered_to(account: str) -> Select[tuple[str]]:
    """Selects the tokens that an account was ever given, as far as the audit goes back."""
    return select(audit.c.fingerprint).where(audit.c.account == account, audit.c.event == "delivered")
