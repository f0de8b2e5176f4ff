"""STS beside the product, as far as a caller needs it: AssumeRole gives keys that expire."""

import re
import time
from typing import Any

from host_tools.errors import UsageError
from host_tools.twin.accounts import Account
from host_tools.twin.api.errors import ApiError, invalid
from host_tools.twin.api.params import Params, number
from host_tools.twin.api.world import World
from host_tools.twin.policy import Policy

VERSION = "2015-04-01"
_ROLE = re.compile(r"acs:ram::[0-9]{1,20}:role/[A-Za-z0-9._-]{1,64}")
_SESSION = re.compile(r"[A-Za-z0-9.@_-]{2,64}")
_LEAST_S, _USUAL_S, _MOST_S = 900, "3600", 43_200
_POLICY_MAX_CHARS = 2048


def assume_role(world: World, params: Params) -> dict[str, Any]:
    """A temporary account with the rights of Policy, or all; the twin has no roles, so any name will do.

    Only an account that may do everything may ask: so nobody gives away what he has not got.
    """
    role, session = params["RoleArn"], params["RoleSessionName"]
    if not _ROLE.fullmatch(role):
        raise invalid("RoleArn", "it reads acs:ram::<account ID>:role/<name>")
    if not _SESSION.fullmatch(session):
        raise invalid("RoleSessionName", "2 to 64 letters, digits and . @ _ -")
    life_s = _life_s(params)
    if world.state.accounts[world.caller].policy is not None:
        raise ApiError("NoPermission", "The account may not assume a role.", status=403)
    made = world.state.new_account(policy=_policy(params.get("Policy")), sts=True, life_s=life_s)
    name = role.rpartition("/")[2]
    user = {
        "Arn": f"{role.replace(':role/', ':assumed-role/')}/{session}",
        "AssumedRoleId": f"{name}:{session}",
    }
    return {"AssumedRoleUser": user, "Credentials": _credentials(made)}


def _credentials(account: Account) -> dict[str, str]:
    return {
        "AccessKeyId": account.access_key_id,
        "AccessKeySecret": account.access_key_secret,
        "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(account.expire_ms // 1000)),
        "SecurityToken": account.security_token,
    }


def _life_s(params: Params) -> int:
    try:
        return number({"DurationSeconds": _USUAL_S, **params}, "DurationSeconds", _LEAST_S, _MOST_S)
    except ApiError:
        raise invalid("DurationSeconds", f"{_LEAST_S} to {_MOST_S}") from None


def _policy(text: str | None) -> Policy | None:
    if not text:
        return None
    if len(text) > _POLICY_MAX_CHARS:
        raise invalid("Policy", f"at most {_POLICY_MAX_CHARS} characters")
    try:
        return Policy.parse(text)
    except UsageError as error:
        raise invalid("PolicyGrammar", error.do) from None
