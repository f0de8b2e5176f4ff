"""Tokens of an instance: apply, query, revoke. Source: the help pages of the three operations."""

from collections.abc import Sequence

from host_tools.cloud.client import CloudClient
from host_tools.cloud.errors import Asked, unexpected
from host_tools.errors import UsageError
from host_tools.tokens.policy import MAX_RESOURCES

ACTIONS = {"R": "R", "W": "W", "RW": "R,W"}
"""A token's type, as passwords and messages name it -> ApplyToken's Actions."""


def apply(client: CloudClient, kind: str, resources: Sequence[str], expire_ms: int) -> str:
    """A token of type `kind` (R, W or RW) for 1 to 100 topics, `+` and `#` allowed, until `expire_ms`.

    That is absolute, in ms since 1970: at least 60 s ahead, and counted as 30 days ahead where it is more.
    Another attempt may leave a token behind that nobody holds; it ends by itself.
    """
    if kind not in ACTIONS:
        raise UsageError("a token's type is R, W or RW", where="ApplyToken")
    if not 1 <= len(resources) <= MAX_RESOURCES or any(not each or "," in each for each in resources):
        raise UsageError(f"1 to {MAX_RESOURCES} topics, none empty or with a comma", where="ApplyToken")
    body = client.call(
        "ApplyToken",
        repeatable=True,
        actions=ACTIONS[kind],
        # A list that is not in alphabetical order fails, at once or later.
        resources=",".join(sorted(set(resources))),
        expire_time=expire_ms,
    )
    token = getattr(body, "token", None)
    if not isinstance(token, str) or not token:
        raise unexpected(Asked("ApplyToken", client.endpoint.address))
    return token


def query(client: CloudClient, token: str) -> bool:
    """Whether a token is good."""
    body = client.call("QueryToken", repeatable=True, token=_checked(token, "QueryToken"))
    if not isinstance(body.token_status, bool):
        raise unexpected(Asked("QueryToken", client.endpoint.address))
    return body.token_status


def revoke(client: CloudClient, token: str) -> None:
    """Withdraws a token."""
    client.call("RevokeToken", repeatable=True, token=_checked(token, "RevokeToken"))


def _checked(token: str, operation: str) -> str:
    if not token:
        raise UsageError("the token is empty", where=operation)
    return token
