"""An account: what it is, what it may, and what it cannot be. Pure."""

from dataclasses import dataclass, field, replace
from typing import Any

from devcred import topics
from host_tools.errors import ToolError, UsageError
from host_tools.tokens import scopes
from host_tools.tokens.challenge import KEY_CHARS
from host_tools.tokens.policy import MAX_LIFE_S, MIN_LIFE_S
from host_tools.tokens.scopes import Rights

RECOVERY = ("off", "presigned", "secret")
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


def check_key(key: str | None, account: Account) -> str | None:
    """Returns `key`; UsageError unless it fits the account: a group has none, others 32 to 43 characters."""
    if (key is None) != (account.kind == "group"):
        raise UsageError("a device or a user has a key, a group has none", where=f"account {account.name}")
    if key is not None and not (_KEY_LEAST_CHARS <= len(key) <= KEY_CHARS and scopes.is_plain(key)):
        raise UsageError(
            f"a key has {_KEY_LEAST_CHARS} to {KEY_CHARS} letters, digits, '-' and '_'", where="account"
        )
    return key


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


def _within(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise UsageError(f"{name}: {least} to {most}", where="account")
