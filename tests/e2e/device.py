"""One device under test: a virtual board on an image of ours, against a twin, and its console."""

import contextlib
import datetime
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import serial
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devcred.credential import Credential
from host_tools.boards.bundle import agent_files, carried_features, device_files
from host_tools.boards.console import LineReader
from host_tools.boards.definition import Board, load_board
from host_tools.boards.image import build_image, write_image
from host_tools.cloud import endpoint
from host_tools.cloud.client import AccessKey, CloudClient
from host_tools.cloud.credentials import DeviceCredential
from host_tools.demo.console import Console
from host_tools.twin import TwinThread
from host_tools.vboard import VirtualBoard
from tests.e2e import token_server
from tests.e2e.token_server import TokenServer

GROUP = "GID_e2e"
Lines = Callable[[float], Iterator[str]]
WIFI = [("e2e", "not-a-real-network")]
# A configuration that works; what a test gives is merged over it.
WORKING: dict[str, object] = {
    "retry_base_ms": 100,
    "refused_retry_ms": 60000,
    "connect_timeout_ms": 2000,
}


@dataclass
class Device:
    """What lies on it can be changed before `powered`; `config` is merged over working defaults."""

    twin: TwinThread
    name: str
    folder: Path
    board_id: str = "ESP32_GENERIC"
    mode: str = "DeviceCredential"
    config: dict[str, object] = field(default_factory=dict)
    routes: dict[str, tuple[str, int]] = field(default_factory=dict)
    features: tuple[str, ...] | None = None
    readable: bool = False
    tokens: TokenServer | None = None
    wifi: list[tuple[str, str]] = field(default_factory=lambda: list(WIFI), repr=False)

    def __post_init__(self) -> None:
        self.client_id = f"{GROUP}@@@{self.name}"
        self.board = load_board(self.board_id)
        self.cloud = CloudClient(
            endpoint.parse(self.twin.endpoint),
            self.twin.instance_id,
            AccessKey(self.twin.access_key_id, self.twin.access_key_secret),
        )
        self.held = registered(self.twin, self.client_id)
        self.token = ""
        settings = {"client_id": self.client_id, "host": self.twin.host_name} | WORKING | self.config
        asking: dict[str, Any] = {}
        if self.tokens is not None:
            settings |= {"token_host": token_server.NAME, "token_ca_path": "/token-ca.der"}
            asking = {"device_key": self.tokens.key.encode(), "token_ca_der": self.tokens.ca_der}
            self.routes[f"{token_server.NAME}:443"] = ("127.0.0.1", self.tokens.port)
        self.files = agent_files(self.board, self.features, readable=self.readable) | device_files(
            settings,
            self.twin.ca_der,
            self._credential(),
            self.wifi,
            self.board,
            None if self.readable else carried_features(self.board, self.features),
            **asking,
        )

    def _credential(self) -> Credential | None:
        if self.mode == "asked for":
            return None
        if self.mode == "DeviceCredential":
            return self.held.for_device()
        twin, hour_ms = self.twin, 3600 * 1000
        expire_ms = int(time.time() * 1000) + hour_ms
        self.token = twin.call(
            lambda: twin.twin.state.tokens.apply(twin.access_key_id, "R,W", ["devcred/#"], expire_ms)
        )
        return Credential(self.client_id, twin.instance_id, twin.access_key_id, tokens={"RW": self.token})

    @contextlib.contextmanager
    def running(
        self, prepare: Callable[[VirtualBoard], object] = lambda board: None
    ) -> Iterator[tuple[VirtualBoard, Lines]]:
        """The board, on, and its console from the first line on: the lines that have arrived.

        `prepare` is called before the power is on.
        """
        routes = {f"{self.twin.host_name}:8883": ("127.0.0.1", self.twin.tls_port)} | self.routes
        with switched_on(self.board, self.folder / f"{self.name}.img", self.files, routes, prepare) as on:
            yield on

    @contextlib.contextmanager
    def powered(
        self, prepare: Callable[[VirtualBoard], object] = lambda board: None
    ) -> Iterator[tuple[VirtualBoard, Console]]:
        """As `running`, with the console's events one by one."""
        with self.running(prepare) as (vboard, lines):
            yield vboard, Console(lines)


def registered(twin: TwinThread, client_id: str) -> DeviceCredential:
    """A new credential, from the twin's state itself.

    Not by the SDK: it keeps a session for each port that it ever spoke to, and each twin has its own.
    """
    made = twin.call(lambda: twin.twin.state.new_credential(client_id))
    times_ms = (made.create_time_ms, made.update_time_ms)
    return DeviceCredential(client_id, made.key_id, made.secret, twin.instance_id, *times_ms)


@contextlib.contextmanager
def switched_on(
    board: Board,
    image: Path,
    files: dict[str, bytes],
    routes: dict[str, tuple[str, int]],
    prepare: Callable[[VirtualBoard], object] = lambda board: None,
) -> Iterator[tuple[VirtualBoard, Lines]]:
    """A board with these files, on, and its console's lines; `routes` is what it resolves."""
    write_image(image, build_image(board, files))
    vboard = VirtualBoard(image, board, resolve=routes)
    prepare(vboard)
    with serial.Serial(vboard.plug_in()) as port, vboard:
        reader = LineReader()
        yield vboard, lambda _within_s: reader.read(port)


def another_ca(name: str = "Another CA") -> bytes:
    """A CA certificate in DER that signed nothing of the twin's."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
