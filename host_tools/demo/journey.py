"""What the steps of one board's journey share."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tools.boards.bundle import carried_features, device_files
from host_tools.boards.definition import Board
from host_tools.boards.transport import BoardLink
from host_tools.cloud.client import CloudClient
from host_tools.cloud.credentials import DeviceCredential
from host_tools.demo.console import Console
from host_tools.demo.observer import Observer
from host_tools.interrupts import Interrupts
from host_tools.twin import TwinThread
from host_tools.vboard import VirtualBoard

GROUP = "GID_devcred"
PARENT = "devcred"
WIFI = [("devcred-demo", "not-a-real-network")]


@dataclass
class Journey:
    """The world of one board's journey: what is given first, what the steps make after it.

    `stack` takes whatever has to be given back; `interrupts` are held back but where a step allows them.
    """

    board: Board
    twin: TwinThread
    client: CloudClient
    folder: Path
    stack: ExitStack
    interrupts: Interrupts
    tell: Callable[..., None]
    made: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def client_id(self) -> str:
        """The device's: `<group>@@@<board ID in lower case>`."""
        return f"{GROUP}@@@{self.board.id.lower().replace('_', '-')}"

    @property
    def image(self) -> Path:
        return self.folder / f"{self.board.id}.img"

    def config(self) -> dict[str, Any]:
        """The device's configuration; short waits, since everything is on this computer."""
        return {
            "client_id": self.client_id,
            "host": self.twin.host_name,
            "port": 8883,
            "tls": True,
            "parent_topic": PARENT,
            "ntp_host": "pool.ntp.org",
            "heartbeat_s": 30,
            "retry_base_ms": 200,
            "refused_retry_ms": 60000,
        }

    def device_files(self) -> dict[str, bytes]:
        """What makes the board this device."""
        return device_files(
            self.config(),
            self.twin.ca_der,
            self.credential.for_device(),
            WIFI,
            self.board,
            carried_features(self.board),
        )

    def routes(self) -> dict[str, tuple[str, int]]:
        """The board's DNS: host and port to where it is."""
        return {f"{self.twin.host_name}:8883": ("127.0.0.1", self.twin.tls_port)}

    # What the steps make; asking before it is made is a defect of the order of steps.
    @property
    def credential(self) -> DeviceCredential:
        return self.made["credential"]  # type: ignore[no-any-return]

    @property
    def observer(self) -> Observer:
        return self.made["observer"]  # type: ignore[no-any-return]

    @property
    def vboard(self) -> VirtualBoard:
        return self.made["vboard"]  # type: ignore[no-any-return]

    @property
    def link(self) -> BoardLink:
        return self.made["link"]  # type: ignore[no-any-return]

    @property
    def console(self) -> Console:
        return self.made["console"]  # type: ignore[no-any-return]
