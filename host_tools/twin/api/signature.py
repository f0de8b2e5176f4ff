"""ACS3-HMAC-SHA256, the signature of Alibaba Cloud's gateway version 3: made and verified, without I/O.

Rule: help, "request body and signature mechanism V3"; what SDK 1.7.1 sends keeps it.
"""

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from host_tools.twin.api.errors import ApiError
from host_tools.twin.api.nonces import Nonces

SCHEME = "ACS3-HMAC-SHA256"
MUST_BE_SIGNED = frozenset(
    {
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    }
)
_AUTHORIZATION = re.compile(
    rf"{SCHEME} +Credential=([^,\s]+), *SignedHeaders=([a-z0-9;_-]+), *Signature=([0-9a-f]{{64}})"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came; `query` still encoded, names of `headers` in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def pairs(encoded: str) -> list[tuple[str, str]]:
    """The decoded names and values of a query or form, empty ones too. ApiError for what is not UTF-8."""
    try:
        return parse_qsl(encoded, keep_blank_values=True, errors="strict")
    except ValueError:
        pass  # raised below: the codec's own text would show the value
    raise ApiError("ParameterCheckFailed", "The parameters are not UTF-8.")


def canonical_query(encoded: str) -> str:
    """Decoded and encoded afresh: clients differ in how they put a blank, `*` or `~` on the wire."""
    return "&".join(
        f"{name}={value}"
        for name, value in sorted((_encode(name), _encode(value)) for name, value in pairs(encoded))
    )


def canonical_request(request: Request, signed: list[str]) -> str:
    """What is hashed: method, path, query, the signed headers in their order, their list, the body's hash."""
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed)
    lines = (request.method, request.path, canonical_query(request.query), headers, ";".join(signed))
    return "\n".join((*lines, hashlib.sha256(request.body).hexdigest()))


def string_to_sign(canonical: str) -> str:
    """The scheme and the hash of the canonical request."""
    # HTTP header values are bytes; this turns the text that stands for them back into those bytes.
    return f"{SCHEME}\n{hashlib.sha256(canonical.encode('latin-1')).hexdigest()}"


def sign(secret: str, request: Request, signed: list[str]) -> str:
    """The signature in hex; the secret is the key as it is."""
    text = string_to_sign(canonical_request(request, signed))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def verify(
    request: Request, secret_of: Callable[[str], str | None], now_s: float, nonces: Nonces | None
) -> str:
    """The AccessKey ID that signed this request, once. Raises ApiError.

    `nonces` remembers the requests seen and knows how far a date may be off; None checks neither.
    """
    key_id, signed, signature = _authorization(request)
    secret = secret_of(key_id)
    if secret is None:
        raise ApiError("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    if request.headers["x-acs-content-sha256"] != hashlib.sha256(request.body).hexdigest():
        raise _mismatch("the body does not have the hash that is in x-acs-content-sha256")
    if not hmac.compare_digest(sign(secret, request, signed), signature):
        raise _mismatch("the signature is not that of this request under this key")
    if nonces is not None:
        nonces.use(request.headers["x-acs-signature-nonce"], _date_s(request.headers["x-acs-date"]), now_s)
    return key_id


def _authorization(request: Request) -> tuple[str, list[str], str]:
    match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if match is None:
        raise ApiError("IncompleteSignature", f"Authorization must be {SCHEME} with its three parts.")
    key_id, names, signature = match.groups()
    signed = names.split(";")
    if signed != sorted(set(signed)):
        raise ApiError("IncompleteSignature", "SignedHeaders must be sorted, each name once.")
    absent = (MUST_BE_SIGNED | _also_signed(request)) - set(signed)
    absent |= {name for name in signed if name not in request.headers}
    if absent:
        raise ApiError("IncompleteSignature", "Sent and signed must be: " + ", ".join(sorted(absent)) + ".")
    return key_id, signed, signature


def _also_signed(request: Request) -> set[str]:
    return {name for name in request.headers if name.startswith("x-acs-") or name == "content-type"}


def _mismatch(why: str) -> ApiError:
    return ApiError(
        "SignatureDoesNotMatch", f"Specified signature is not matched with our calculation: {why}."
    )


def _date_s(text: str) -> int:
    if _DATE.fullmatch(text):
        try:
            return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
        except ValueError:
            pass  # raised below, as for any other text that is no date
    raise ApiError("InvalidTimeStamp.Format", "x-acs-date must read YYYY-MM-DDThh:mm:ssZ.")


def _encode(text: str) -> str:
    return quote(text, safe="")
