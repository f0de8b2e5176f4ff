"""An application server as docs/token-server.md has it, over verified TLS, in a thread: tokens of the twin's.

It leaves out accounts, limits and storage; what it answers is the test's to change.
"""

import hashlib
import hmac
import json
import secrets
import ssl
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from host_tools.twin import TwinThread
from host_tools.twin.certs import new_authority, server_pem

NAME = "tokens.example"
Refusal = tuple[int, dict[str, object]]
ACTIONS = {"R": "R", "W": "W", "RW": "R,W"}


@dataclass
class TokenServer:
    """`types`: what to give, type to resources. `says`: a refusal in place of an answer, or None."""

    twin: TwinThread
    clock: Callable[[], float]
    life_s: int = 70
    renew_s: int = 0
    types: dict[str, list[str]] = field(default_factory=lambda: {"RW": ["devcred/#"]})
    says: Refusal | None = None
    spoil: bool = False
    credential: dict[str, str] | None = None

    def __post_init__(self) -> None:
        self.key = secrets.token_urlsafe(32)
        self.given: list[dict[str, str]] = []
        self.asked = 0
        self._nonces: dict[str, str] = {}
        authority = new_authority(self.clock())
        self.ca_der = x509.load_pem_x509_certificate(authority.certificate_pem.encode()).public_bytes(
            Encoding.DER
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w") as pem:
            pem.write(server_pem(authority, [NAME], self.clock()))
            pem.flush()
            context.load_cert_chain(pem.name)
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def answer(self, path: str, body: dict[str, Any]) -> Refusal:
        """(status, object) for one request."""
        if path == "/v1/challenge":
            nonce = secrets.token_urlsafe(24)
            self._nonces[nonce] = body["client_id"]
            return 200, {"nonce": nonce, "expires_in_s": 60}
        purpose = path.removeprefix("/v1/")
        if self._nonces.pop(body["nonce"], None) != body["client_id"]:
            return 401, {"error": "challenge", "detail": "", "retry_in_s": 0}
        text = "\n".join(("devcred-token-v1", purpose, body["client_id"], body["nonce"]))
        mac = hmac.new(self.key.encode(), text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(mac, body["proof"]):
            return 401, {"error": "refused", "detail": "", "retry_in_s": 900}
        self.asked += 1
        if self.says is not None:
            return self.says
        if purpose == "credential":
            assert self.credential is not None
            return 200, dict(self.credential)
        return 200, self._tokens(body["client_id"])

    def _tokens(self, client_id: str) -> dict[str, object]:
        twin, expire_s = self.twin, int(self.clock()) + self.life_s
        given = {
            kind: twin.call(
                twin.twin.state.tokens.apply,
                twin.access_key_id,
                ACTIONS[kind],
                topics,
                expire_s * 1000 + 999,
            )
            for kind, topics in self.types.items()
        }
        self.given.append(given)
        if self.spoil:
            given = {kind: token[:-8] + "AAAAAAA=" for kind, token in given.items()}
        return {
            "client_id": client_id,
            "instance_id": twin.instance_id,
            "key_id": twin.access_key_id,
            "tokens": given,
            "expires_at_s": expire_s,
            "expires_in_s": self.life_s,
            "renew_in_s": self.renew_s,
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, _request: Any, _address: Any) -> None:
        """A device that breaks a handshake off is no news."""


def _handler(server: TokenServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            status, body = server.answer(self.path, json.loads(self.rfile.read(length)))
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, _format: str, *_arguments: Any) -> None:
            """Quiet."""

    return Handler
