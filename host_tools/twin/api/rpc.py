"""RPC signature version 1.0, the older form: everything in the parameters, HMAC-SHA1. Without I/O.

Rule: the service's page of common parameters; SDK 1.7.1 sends it with `signature_algorithm='v2'`.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from host_tools.twin.api.claim import Claim
from host_tools.twin.api.errors import ApiError, missing
from host_tools.twin.api.request import Request, canonical, encode, form_pairs, once, pairs

_METHOD = "HMAC-SHA1"
_VERSION = "1.0"
_COMMON = ("Action", "Version", "AccessKeyId", "SignatureNonce", "Timestamp", "Signature")
_OWN = frozenset({*_COMMON, "Format", "SignatureMethod", "SignatureVersion", "SecurityToken"})


def string_to_sign(method: str, named: Iterable[tuple[str, str]]) -> str:
    """The method, the path `/` and the parameters but Signature, each encoded once more."""
    signed = ((name, value) for name, value in named if name != "Signature")
    return f"{method}&%2F&{encode(canonical(signed))}"


def sign(secret: str, method: str, named: Iterable[tuple[str, str]]) -> str:
    """The signature, Base64; the key is the secret and an `&`."""
    text = string_to_sign(method, named).encode()
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text, hashlib.sha1).digest()).decode()


def is_rpc(request: Request) -> bool:
    """Whether a request is signed in this form; one with an Authorization header is not."""
    if "authorization" in request.headers:
        return False
    return any(name == "Signature" for name, _ in _all(request))


def read(request: Request) -> Claim:
    """The claim of a request whose parameters carry its signature. Raises ApiError for one not whole."""
    named = once(_all(request))
    for name in _COMMON:
        if not named.get(name):
            raise missing(name)
    _check_scheme(named)
    signature = named["Signature"].encode()
    return Claim(
        key_id=named["AccessKeyId"],
        is_signed=lambda secret: hmac.compare_digest(
            sign(secret, request.method, named.items()).encode(), signature
        ),
        date=named["Timestamp"],
        nonce=named["SignatureNonce"],
        action=named["Action"],
        version=named["Version"],
        params={name: value for name, value in named.items() if name not in _OWN},
        security_token=named.get("SecurityToken", ""),
    )


def wanted_format(request: Request, default: str) -> str:
    """How the answer is to be: `json` or `xml`, whatever else is wrong; ApiError for a third form."""
    formats = [value.lower() for name, value in _all(request) if name == "Format"]
    wanted = formats[0] if formats and formats[0] else default
    if wanted not in ("json", "xml"):
        raise ApiError("InvalidParameter.Format", "Specified parameter format is not valid: JSON or XML.")
    return wanted


def _check_scheme(named: Mapping[str, str]) -> None:
    if named.get("SignatureMethod", _METHOD) != _METHOD:
        raise ApiError("InvalidSignatureMethod", f"Specified signature method is not valid: {_METHOD}.")
    if named.get("SignatureVersion", _VERSION) != _VERSION:
        raise ApiError("InvalidSignatureVersion", f"Specified signature version is not valid: {_VERSION}.")


def _all(request: Request) -> list[tuple[str, str]]:
    return [*pairs(request.query), *form_pairs(request)]
