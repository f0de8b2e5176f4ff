"""Who is calling: a signature of either form, an AccessKey that is good, a security token, a fresh date.

Pure: the accounts, the time and the nonces seen are given.
"""

import base64
import binascii
import calendar
import hmac
import re
import time
from collections.abc import Callable

from host_tools.twin.accounts import TOKEN_START, Account
from host_tools.twin.api import rpc, signature
from host_tools.twin.api.claim import Claim, mismatch
from host_tools.twin.api.errors import ApiError, missing
from host_tools.twin.api.nonces import Nonces
from host_tools.twin.api.request import Request

_METHODS = frozenset({"GET", "POST"})
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z")
_TOKEN_MIN_CHARS = 32


def read(request: Request) -> Claim:
    """What the request claims, in whichever form it is signed. Raises ApiError."""
    if request.method not in _METHODS:
        raise ApiError("UnsupportedHTTPMethod", "The HTTP method is not supported: GET or POST.")
    return rpc.read(request) if rpc.is_rpc(request) else signature.read(request)


def verify(
    claim: Claim, account_of: Callable[[str], Account | None], now_s: float, nonces: Nonces | None
) -> Account:
    """The account that made this claim, once. Raises ApiError.

    `nonces` remembers the requests seen and knows how far a date may be off; None checks neither.
    """
    account = account_of(claim.key_id)
    if account is None:
        raise ApiError("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    if not account.active:
        raise ApiError("InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
    if not claim.is_signed(account.access_key_secret):
        raise mismatch("the signature is not that of this request under this key")
    _check_token(account, claim.security_token, now_s)
    if nonces is not None:
        nonces.use(f"{claim.key_id} {claim.nonce}" if claim.nonce else "", _date_s(claim.date), now_s)
    return account


def _check_token(account: Account, token: str, now_s: float) -> None:
    if not token:
        if account.security_token:
            raise missing("SecurityToken")
        return
    if not _well_formed(token):
        raise ApiError("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
    if not hmac.compare_digest(token.encode(), account.security_token.encode()):
        raise ApiError(
            "InvalidSecurityToken.MismatchWithAccessKey",
            "Specified SecurityToken mismatch with the AccessKey.",
        )
    if account.is_expired(now_s):
        raise ApiError("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")


def _well_formed(token: str) -> bool:
    try:
        base64.b64decode(token.encode(), validate=True)
    except binascii.Error:
        return False
    return token.startswith(TOKEN_START) and len(token) >= _TOKEN_MIN_CHARS


def _date_s(text: str) -> int:
    if _DATE.fullmatch(text):
        try:
            return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
        except ValueError:
            pass  # raised below, as for any other text that is no date
    raise ApiError("InvalidTimeStamp.Format", "The request's date must read YYYY-MM-DDThh:mm:ssZ.")
