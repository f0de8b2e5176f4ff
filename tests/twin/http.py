"""Requests made by hand: any bytes, and what HTTP answer they get."""

import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from urllib.parse import urlencode

from host_tools.twin import TwinThread
from host_tools.twin.api import rpc

DEADLINE_S = 5.0


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; None as its status when the connection closed without one."""

    status: int | None
    headers: Message
    body: bytes


def exchange(port: int, data: bytes) -> Reply:
    """Send bytes on a connection of their own, end what is sent, and read the first answer."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sock:
        received = b""
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while chunk := sock.recv(65536):
                received += chunk
        except OSError:
            pass  # it need not read to the end what it refuses
    head, _, rest = received.partition(b"\r\n\r\n")
    line, _, headers = head.partition(b"\r\n")
    parts = line.split(b" ")
    if len(parts) < 2:
        return Reply(None, Message(), received)
    found = BytesParser().parsebytes(headers + b"\r\n\r\n")
    return Reply(int(parts[1]), found, rest[: int(found.get("content-length", len(rest)))])


def request_bytes(
    method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """A whole HTTP/1.1 request."""
    lines = {"Host": "twin", "Connection": "close", "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body


def rpc_params(twin: TwinThread, method: str, **params: str) -> dict[str, str]:
    """Parameters with a good signature 1.0 by the twin's owner; `params` go over the usual ones."""
    named = {
        "Action": "ListGroupId",
        "Version": "2020-04-20",
        "AccessKeyId": twin.access_key_id,
        "InstanceId": twin.instance_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **params,
    }
    return {**named, "Signature": rpc.sign(twin.access_key_secret, method, named.items())}


def rpc_get(twin: TwinThread, **params: str) -> Reply:
    """A signed GET, everything in the query."""
    return exchange(twin.api_port, request_bytes("GET", "/?" + urlencode(rpc_params(twin, "GET", **params))))
