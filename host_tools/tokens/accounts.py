"""The accounts in the database: who may ask for tokens, and what for. Changes are entered in the audit."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from host_tools.tokens import audit
from host_tools.tokens.account import Account, AccountExistsError, NoAccountError, check_key, checked
from host_tools.tokens.database import insert_new
from host_tools.tokens.schema import accounts, client_ids
from host_tools.tokens.scopes import Rights
from host_tools.tokens.sealing import Seal


def add(tx: Connection, account: Account, key: str | None, seal: Seal, now_ms: int) -> Account:
    """Enters a new account; `key` is its device key, None for a group."""
    account = replace(checked(account), created_ms=now_ms, updated_ms=now_ms)
    values = _values(account) | {"name": account.name, "created_ms": now_ms}
    values["key_sealed"] = _sealed(account, check_key(key, account), seal)
    if not insert_new(tx, accounts, **values):
        raise AccountExistsError(
            f"{account.name} exists already", where="account", do="change it with `devcred token account set`"
        )
    _put_client_ids(tx, account)
    _note(tx, now_ms, "account-added", account.name, _summary(account))
    return account


def change(tx: Connection, account: Account, now_ms: int) -> Account:
    """Replaces all of an account but its name, kind and key."""
    account = replace(checked(account), updated_ms=now_ms)
    changed = update(accounts).where(accounts.c.name == account.name).values(**_values(account))
    if tx.execute(changed).rowcount != 1:
        raise NoAccountError(account.name)
    tx.execute(delete(client_ids).where(client_ids.c.account == account.name))
    _put_client_ids(tx, account)
    _note(tx, now_ms, "account-changed", account.name, _summary(account))
    return account


def set_key(tx: Connection, name: str, key: str, seal: Seal, now_ms: int) -> None:
    """Replaces a device key; the one before is void."""
    account = get(tx, name)
    values = {"key_sealed": _sealed(account, check_key(key, account), seal), "updated_ms": now_ms}
    tx.execute(update(accounts).where(accounts.c.name == name).values(**values))
    _note(tx, now_ms, "account-key-changed", name)


def remove(tx: Connection, name: str, now_ms: int) -> None:
    """Deletes an account; what it was given is valid until it ends or is revoked."""
    tx.execute(delete(client_ids).where(client_ids.c.account == name))
    if tx.execute(delete(accounts).where(accounts.c.name == name)).rowcount != 1:
        raise NoAccountError(name)
    _note(tx, now_ms, "account-removed", name)


def get(tx: Connection, name: str) -> Account:
    """The account of this name."""
    row = tx.execute(select(accounts).where(accounts.c.name == name)).first()
    if row is None:
        raise NoAccountError(name)
    return _with_client_ids(tx, [row])[0]


def page(tx: Connection, after: str, size: int, kind: str | None = None) -> list[Account]:
    """Up to `size` accounts in the order of their names, from the first after `after` on."""
    found = select(accounts).where(accounts.c.name > after).order_by(accounts.c.name).limit(size)
    if kind:
        found = found.where(accounts.c.kind == kind)
    return _with_client_ids(tx, tx.execute(found).all())


def read(row: Row[Any], ids: Sequence[str] = ()) -> Account:
    """An account from its row."""
    return Account(
        name=row.name,
        kind=row.kind,
        rights=Rights(tuple(json.loads(row.read)), tuple(json.loads(row.write))),
        client_ids=tuple(ids),
        enabled=row.enabled,
        life_s=row.life_s,
        quota_per_day=row.quota_per_day,
        recovery=row.recovery,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def key_place(name: str) -> str:
    """Where a device key lies, for the seal."""
    return f"key of {name}"


def _with_client_ids(tx: Connection, rows: Sequence[Row[Any]]) -> list[Account]:
    held: dict[str, list[str]] = {row.name: [] for row in rows}
    found = select(client_ids).where(client_ids.c.account.in_(held)).order_by(client_ids.c.client_id)
    for entry in tx.execute(found):
        held[entry.account].append(entry.client_id)
    return [read(row, held[row.name]) for row in rows]


def _put_client_ids(tx: Connection, account: Account) -> None:
    for client_id in account.client_ids:
        if not insert_new(tx, client_ids, client_id=client_id, account=account.name):
            raise AccountExistsError(
                f"{client_id} belongs to another account", where="account", do="remove it there first"
            )


def _values(account: Account) -> dict[str, Any]:
    return {
        "kind": account.kind,
        "enabled": account.enabled,
        "read": json.dumps(account.rights.read),
        "write": json.dumps(account.rights.write),
        "life_s": account.life_s,
        "quota_per_day": account.quota_per_day,
        "recovery": account.recovery,
        "updated_ms": account.updated_ms,
    }


def _sealed(account: Account, key: str | None, seal: Seal) -> str | None:
    return None if key is None else seal.close(key, key_place(account.name))


def _summary(account: Account) -> str:
    """What an auditor looks for first; the rest stands in the account."""
    return f"enabled={account.enabled} recovery={account.recovery}"


def _note(tx: Connection, now_ms: int, event: str, name: str, detail: str = "") -> None:
    audit.enter(tx, now_ms, event, account=name, detail=detail)
