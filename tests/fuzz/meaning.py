"""What a stream of bytes asks of the control plane: the requests in it, and what each of them says.

Two requests mean the same when their signer signed the same. Nothing of the twin is used here.
"""

import re
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

import h11

from tests.fuzz.signed import FORM

MAX_HEAD_BYTES = 1 << 18
Meaning: TypeAlias = tuple[object, ...]
_AUTHORIZATION = re.compile(rb"Credential=([^,\s]+).*Signature=([0-9a-fA-F]+)")


def requests(data: bytes) -> tuple[list[tuple[str, Meaning]], bool]:
    """The whole requests at the start of `data`, each with its method; whether more is awaited then.

    Where the stream breaks HTTP it ends, and nothing is awaited.
    """
    reader = h11.Connection(h11.SERVER, MAX_HEAD_BYTES)
    reader.receive_data(data)
    found = []
    try:
        while (request := _next(reader)) is not None:
            found.append((request[0].method.decode("latin-1"), meaning(*request)))
            if reader.their_state is not h11.DONE:
                return found, False
            reader.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            reader.send(h11.EndOfMessage())
            if reader.our_state is not h11.DONE:
                return found, False
            reader.start_next_cycle()
    except h11.ProtocolError:
        return found, False
    return found, True


def meaning(request: h11.Request, body: bytes) -> Meaning:
    """Everything that a signature covers, decoded; and the signature itself."""
    path, _, query = request.target.partition(b"?")
    headers: dict[bytes, bytes] = {}
    for name, value in request.headers:
        headers[name] = headers[name] + b"," + value if name in headers else value
    asked = (request.method, path, sorted(_pairs(query)))
    signed = {name: value for name, value in headers.items() if name.startswith(b"x-acs-")}
    if b"authorization" in headers:
        # The type of a body of no bytes says nothing, and a client of the vendor's does not sign it.
        also = (b"host", b"content-type") if body else (b"host",)
        signed |= {name: headers.get(name, b"") for name in also}
        claim = _AUTHORIZATION.search(headers[b"authorization"])
        by = (claim.group(1), claim.group(2).lower()) if claim else ()
        return (*asked, tuple(sorted(signed.items())), body, by)
    # In the older form the parameters are all there is, wherever they stand.
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    form = _pairs(body) if kind == FORM.encode() else []
    return (request.method, path, sorted([*_pairs(query), *form]))


def _pairs(encoded: bytes) -> list[tuple[bytes, bytes]]:
    halves = (item.partition(b"=") for item in encoded.replace(b"+", b" ").split(b"&") if item)
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in halves]


def _next(reader: h11.Connection) -> tuple[h11.Request, bytes] | None:
    """The next whole request with its body; None if there is none."""
    request, body = None, b""
    while True:
        event = reader.next_event()
        if isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, body
        else:
            return None
