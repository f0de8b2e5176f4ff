"""Accounts: who may ask for tokens, for which client IDs, and what for."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from devcred import topics
from host_tools.errors import ToolError, UsageError
from host_tools.tokens import scopes
from host_tools.tokens.challenge import KEY_CHARS
from host_tools.tokens.database import insert_new
from host_tools.tokens.policy import MAX_LIFE_S, MIN_LIFE_S
from host_tools.tokens.schema import accounts, client_ids
from host_tools.tokens.scopes import Rights
from host_tools.tokens.sealing import Seal

KINDS = ("device", "group", "user")
RECOVERY = ("off", "presigned", "secret")
DEFAULT_LIFE_S = 86_400
MAX_CLIENT_IDS = 50
_KEY_LEAST_CHARS = 32


class NoAccountError(ToolError):
    """There is no account of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no account {name}", where="account", do="look at `devcred token account list`"
        )


class AccountExistsError(ToolError):
    """The name, or one of its client IDs, is taken."""


@dataclass(frozen=True, slots=True)
class Account:
    """A device (its name is its client ID), a group (a Group ID; for all of its devices), or a user.

    A user is a person or program with a key of their own and several client IDs. Where `life_s` and
    `quota_per_day` are None the group's count, else the default. `recovery`: whether, and how, the credential
    is handed out once.
    """

    name: str
    kind: str
    rights: Rights = field(default_factory=Rights)
    client_ids: tuple[str, ...] = ()
    enabled: bool = True
    life_s: int | None = None
    quota_per_day: int | None = None
    recovery: str = "off"
    created_ms: int = 0
    updated_ms: int = 0

    def facts(self) -> dict[str, Any]:
        """What may be shown."""
        return {
            "name": self.name,
            "kind": self.kind,
            "enabled": self.enabled,
            "read": list(self.rights.read),
            "write": list(self.rights.write),
            "client_ids": list(self.client_ids),
            "life_s": self.life_s,
            "quota_per_day": self.quota_per_day,
            "recovery": self.recovery,
            "created_ms": self.created_ms,
            "updated_ms": self.updated_ms,
        }


def checked(account: Account) -> Account:
    """The account with its client IDs filled in; UsageError for what it cannot be."""
    try:
        scopes.check(account.rights)
        ids = _client_ids(account)
        for client_id in ids:
            topics.check_client_id(client_id, "client_id")
    except ValueError as broken:
        raise UsageError(str(broken), where=f"account {account.name}") from None
    _within("life_s", account.life_s, MIN_LIFE_S, MAX_LIFE_S)
    _within("quota_per_day", account.quota_per_day, 1, 1_000_000)
    if account.recovery not in RECOVERY or (account.kind == "group" and account.recovery != "off"):
        raise UsageError("recovery: off, presigned or secret, and off for a group", where="account")
    return replace(account, client_ids=ids)


def add(tx: Connection, account: Account, key: str | None, seal: Seal, now_ms: int) -> Account:
    """Enters a new account; `key` is its device key, None for a group."""
    account = replace(checked(account), created_ms=now_ms, updated_ms=now_ms)
    if (key is None) != (account.kind == "group"):
        raise UsageError("a device or a user has a key, a group has none", where=f"account {account.name}")
    sealed = _sealed(account.name, key, seal)
    values = _values(account) | {"name": account.name, "created_ms": now_ms, "key_sealed": sealed}
    if not insert_new(tx, accounts, **values):
        raise AccountExistsError(
            f"{account.name} exists already", where="account", do="change it with `devcred token account set`"
        )
    _put_client_ids(tx, account)
    return account


def change(tx: Connection, account: Account, now_ms: int) -> Account:
    """Replaces all of an account but its name, kind and key."""
    account = replace(checked(account), updated_ms=now_ms)
    if (
        tx.execute(
            update(accounts).where(accounts.c.name == account.name).values(**_values(account))
        ).rowcount
        != 1
    ):
        raise NoAccountError(account.name)
    tx.execute(delete(client_ids).where(client_ids.c.account == account.name))
    _put_client_ids(tx, account)
    return account


def set_key(tx: Connection, name: str, key: str, seal: Seal, now_ms: int) -> None:
    """Replaces a device key; the one before is void."""
    if get(tx, name).kind == "group":
        raise UsageError("a group has no key", where=f"account {name}")
    values = {"key_sealed": _sealed(name, key, seal), "updated_ms": now_ms}
    tx.execute(update(accounts).where(accounts.c.name == name).values(**values))


def remove(tx: Connection, name: str) -> None:
    """Deletes an account; what it was given is valid until it ends or is revoked."""
    tx.execute(delete(client_ids).where(client_ids.c.account == name))
    if tx.execute(delete(accounts).where(accounts.c.name == name)).rowcount != 1:
        raise NoAccountError(name)


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


def _client_ids(account: Account) -> tuple[str, ...]:
    if account.kind == "device":
        return (topics.check_client_id(account.name, "name"),)
    if account.kind == "group":
        topics.check_group_id(account.name, "name")
        if account.client_ids:
            raise ValueError("client_ids: a group has none of its own")
        return ()
    if account.kind != "user":
        raise ValueError("kind: device, group or user")
    if not scopes.is_plain(account.name) or len(account.name) > topics.ID_MAX_CHARS:
        raise ValueError("name: a user's takes letters, digits, '-' and '_', at most 64")
    if not 1 <= len(set(account.client_ids)) <= MAX_CLIENT_IDS:
        raise ValueError(f"client_ids: a user has 1 to {MAX_CLIENT_IDS}")
    return tuple(sorted(set(account.client_ids)))


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


def _sealed(name: str, key: str | None, seal: Seal) -> str | None:
    if key is None:
        return None
    if not _KEY_LEAST_CHARS <= len(key) <= KEY_CHARS or not scopes.is_plain(key):
        raise UsageError(
            f"a key has {_KEY_LEAST_CHARS} to {KEY_CHARS} letters, digits, '-' and '_'", where="account"
        )
    return seal.close(key, key_place(name))


def _within(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise UsageError(f"{name}: {least} to {most}", where="account")
