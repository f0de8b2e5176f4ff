"""Requests to the control plane as bytes, signed in both forms by a signer of the tests' own.

It shares no code with the twin, so that one mistake cannot be made on both sides.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

VERSION = "2020-04-20"
FORM = "application/x-www-form-urlencoded"
Pairs = list[tuple[str, str]]


@dataclass
class Http:
    """An HTTP request in parts; `query` holds encoded items. Content-Length is added on the wire."""

    method: str
    path: str
    query: list[str]
    headers: Pairs
    body: bytes = b""

    def wire(self) -> bytes:
        """What goes over the connection."""
        target = self.path + ("?" + "&".join(self.query) if self.query else "")
        headers = [*self.headers, ("content-length", str(len(self.body)))]
        head = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*head, "", ""]).encode("latin-1") + self.body


@dataclass(frozen=True)
class Signer:
    """An account, and the server it speaks to."""

    host: str
    key_id: str
    secret: str = field(repr=False)

    def acs3(self, action: str, params: Pairs, nonce: str, body: bytes = b"") -> Http:
        """ACS3-HMAC-SHA256: the parameters in the query, or in a form body where there is one."""
        headers = {
            "host": self.host,
            "x-acs-action": action,
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
            "x-acs-date": _now(),
            "x-acs-signature-nonce": nonce,
            "x-acs-version": VERSION,
        }
        if body:
            headers["content-type"] = FORM
        names = sorted(headers)
        lines = ["POST", "/", _canonical(params), *(f"{name}:{headers[name]}" for name in names), ""]
        lines += [";".join(names), headers["x-acs-content-sha256"]]
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256("\n".join(lines).encode()).hexdigest()
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = (
            f"ACS3-HMAC-SHA256 Credential={self.key_id},SignedHeaders={';'.join(names)},Signature={signature}"
        )
        return Http("POST", "/", _items(params), list(headers.items()), body)

    def rpc(self, action: str, params: Pairs, nonce: str, in_body: bool) -> Http:
        """The older form: all in the parameters, in the query or in a form body."""
        named = [
            *params,
            ("Action", action),
            ("AccessKeyId", self.key_id),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", nonce),
            ("SignatureVersion", "1.0"),
            ("Timestamp", _now()),
            ("Version", VERSION),
            ("Format", "JSON"),
        ]
        text = f"POST&%2F&{quote(_canonical(named), safe='')}".encode()
        digest = hmac.new(f"{self.secret}&".encode(), text, hashlib.sha1).digest()
        items = _items([*named, ("Signature", base64.b64encode(digest).decode())])
        headers = [("host", self.host)]
        if in_body:
            return Http("POST", "/", [], [*headers, ("content-type", FORM)], "&".join(items).encode())
        return Http("POST", "/", items, headers)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _items(params: Pairs) -> list[str]:
    return [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params]


def _canonical(params: Pairs) -> str:
    return "&".join(sorted(_items(params)))
