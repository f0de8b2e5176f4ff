"""Accounts of the control plane: AccessKey pairs that last, and those of STS, which expire."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from host_tools.twin import rows
from host_tools.twin.policy import Policy

TOKEN_START = "CAIS"
"""How a security token begins, here and at the service."""
_TOKEN_BYTES = 96


@dataclass(frozen=True, slots=True)
class Account:
    """An AccessKey pair that may call the control plane.

    A `security_token` makes it a temporary one, good until `expire_ms` (ms since 1970; 0: for ever).
    Without a `policy` it may do everything, as the owner of the instance.
    """

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)
    expire_ms: int = 0
    active: bool = True
    policy: Policy | None = None

    def is_expired(self, now_s: float) -> bool:
        """Whether its time is over."""
        return 0 < self.expire_ms <= now_s * 1000

    def allows(self, action: str, resources: tuple[str, ...]) -> bool:
        """Whether it may do `action` on something that goes by one of the names `resources`."""
        return self.policy is None or self.policy.allows(action, resources)

    def row(self) -> dict[str, Any]:
        """As a state folder keeps it."""
        document = self.policy.document() if self.policy is not None else None
        return {**asdict(self), "policy": document}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The account that `row` gave; TypeError or UsageError for a row that is damaged."""
        document = row.get("policy")
        policy = None if document is None else Policy.parse(document)
        return replace(rows.record(cls)({**row, "policy": None}), policy=policy)


def mint(
    letters: Callable[[int], str],
    random_bytes: Callable[[int], bytes],
    *,
    policy: Policy | None = None,
    sts: bool = False,
    expire_ms: int = 0,
) -> Account:
    """A new account, its keys in the service's form: `LTAI5t…`, or `STS.…` with a security token."""
    if not sts:
        return Account("LTAI5t" + letters(18), letters(30), policy=policy)
    token = TOKEN_START + base64.b64encode(random_bytes(_TOKEN_BYTES)).decode()
    return Account("STS." + letters(24), letters(44), token, expire_ms, policy=policy)
