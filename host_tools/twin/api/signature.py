"""ACS3-HMAC-SHA256, the signature of Alibaba Cloud's gateway version 3: made and read, without I/O.

Rule: help, "request body and signature mechanism V3"; what SDK 1.7.1 sends keeps it.
"""

import hashlib
import hmac
import re

from host_tools.twin.api.claim import Claim, mismatch
from host_tools.twin.api.errors import ApiError
from host_tools.twin.api.request import Request, canonical, form_pairs, once, pairs

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
_BLANKS = " \t"
_AUTHORIZATION = re.compile(
    rf"{SCHEME} +Credential=([^,\s]+), *SignedHeaders=([a-z0-9;_-]+), *Signature=([0-9a-f]{{64}})"
)


def canonical_query(encoded: str) -> str:
    """The query decoded and encoded afresh, sorted."""
    return canonical(pairs(encoded))


def canonical_request(request: Request, signed: list[str]) -> str:
    """What is hashed: method, path, query, the signed headers in their order, their list, the body's hash."""
    # HTTP's own blanks alone: a signed nonce with U+00A0 behind it would be another nonce, equally signed.
    headers = "".join(f"{name}:{request.headers[name].strip(_BLANKS)}\n" for name in signed)
    lines = (request.method, request.path, canonical_query(request.query), headers, ";".join(signed))
    return "\n".join((*lines, hashlib.sha256(request.body).hexdigest()))


def string_to_sign(canonical_text: str) -> str:
    """The scheme and the hash of the canonical request."""
    # HTTP header values are bytes; this turns the text that stands for them back into those bytes.
    return f"{SCHEME}\n{hashlib.sha256(canonical_text.encode('latin-1', 'replace')).hexdigest()}"


def sign(secret: str, request: Request, signed: list[str]) -> str:
    """The signature in hex; the secret is the key as it is."""
    text = string_to_sign(canonical_request(request, signed))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def read(request: Request) -> Claim:
    """The claim of a request with an Authorization header. Raises ApiError for one that is not whole."""
    key_id, signed, signature = _authorization(request)
    headers = request.headers
    if headers["x-acs-content-sha256"] != hashlib.sha256(request.body).hexdigest():
        raise mismatch("the body does not have the hash that is in x-acs-content-sha256")
    return Claim(
        key_id=key_id,
        is_signed=lambda secret: hmac.compare_digest(sign(secret, request, signed), signature),
        date=headers["x-acs-date"],
        nonce=headers["x-acs-signature-nonce"],
        action=headers["x-acs-action"],
        version=headers["x-acs-version"],
        params=once([*pairs(request.query), *form_pairs(request)]),
        security_token=headers.get("x-acs-security-token", ""),
    )


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
        shown = ", ".join(sorted(absent)[:10])
        raise ApiError("IncompleteSignature", f"Sent and signed must be: {shown}.")
    return key_id, signed, signature


def _also_signed(request: Request) -> set[str]:
    # The SDK's asynchronous client sends a type that it did not sign with a body of no bytes.
    typed = {"content-type"} if request.body else set()
    return {name for name in request.headers if name.startswith("x-acs-") or name in typed}
