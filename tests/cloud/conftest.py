"""A control plane that says what a test tells it to; the SDK in front of it is the real one."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from host_tools.cloud import endpoint
from host_tools.cloud.client import AccessKey, CloudClient, Timeouts

SECRET = "canary-access-key-secret"
INSTANCE = "mqtt-cn-test"


@dataclass
class Answer:
    """One HTTP answer. `body` is sent as it is if it is bytes, else as JSON."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class Script:
    """A server on loopback with a list of answers; the last one is repeated. It leaves out
    everything else of a control plane: no signature is checked, no state kept."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.actions: list[str] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                script.actions.append(self.headers["x-acs-action"])
                answer = script.answers.popleft() if len(script.answers) > 1 else script.answers[0]
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                head = {
                    "Content-Type": answer.content_type,
                    "Content-Length": str(len(body)),
                    **answer.headers,
                }
                for name, value in head.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def say(self, *answers: Answer) -> None:
        self.answers.extend(answers)


@pytest.fixture
def script() -> Iterator[Script]:
    made = Script()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the clients of a test would have slept."""
    return []


@pytest.fixture
def client(waits: list[float]) -> Callable[..., CloudClient]:
    """Makes a client for an address, which does not really sleep."""

    def make(address: str, **given: Any) -> CloudClient:
        options = {"timeouts": Timeouts(1000, 1000), "sleep": waits.append, "rng": lambda: 0.5, **given}
        return CloudClient(endpoint.parse(address), INSTANCE, AccessKey("LTAItest", SECRET), **options)

    return make


def credential(client_id: str = "GID_test@@@d1", secret: str = "DC.secret", **changed: Any) -> dict[str, Any]:
    """The body of a good answer to the credential operations."""
    held = {
        "ClientId": client_id,
        "DeviceAccessKeyId": "DC.key",
        "DeviceAccessKeySecret": secret,
        "InstanceId": INSTANCE,
        "CreateTime": 1700000000000,
        "UpdateTime": 1700000000001,
    }
    return {"RequestId": "R", "DeviceCredential": held | changed}


def fault(code: str, status: int = 400) -> Answer:
    """A failure in the control plane's form; its message holds what must not be shown."""
    return Answer(status, {"RequestId": "R", "Code": code, "Message": "canary-message", "HostId": "h"})
