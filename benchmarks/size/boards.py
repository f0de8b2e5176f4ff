"""A virtual board that connects to a twin, for the figures that only a running agent has."""

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import serial

from devcred.credential import Credential
from host_tools.boards.bundle import agent_files, carried_features, device_files
from host_tools.boards.console import LineReader
from host_tools.boards.definition import load_board
from host_tools.boards.image import build_image, write_image
from host_tools.demo.console import Console, parse
from host_tools.twin import TwinThread
from host_tools.vboard import VirtualBoard

BOARD = "ESP32_GENERIC"
_CLIENT_ID = "GID_size@@@board"
_WIFI = [("size", "not-a-real-network")]
# As long as the agent lets a step take, for runs that are slowed down.
_CONFIG = {"connect_timeout_ms": 8000, "heartbeat_s": 86400}


@dataclass(frozen=True)
class Stage:
    """A twin, and what is needed to put boards before it."""

    twin: TwinThread
    held: Credential
    folder: Path

    @contextmanager
    def board(
        self, features: Collection[str], main_py: bytes, heap_wk: int = 0, told: list[str] | None = None
    ) -> Iterator[Console]:
        """A board with those features that runs `main_py`, and its console from the first line on.

        `told` is filled with the names of all its events.
        """
        board = load_board(BOARD)
        board = replace(board, heap_wk=heap_wk or board.heap_wk)
        given = {"client_id": _CLIENT_ID, "host": self.twin.host_name, **_CONFIG}
        carried = carried_features(board, features)
        files = agent_files(board, carried)
        files |= device_files(given, self.twin.ca_der, self.held, _WIFI, board, carried)
        image = self.folder / "board.img"
        write_image(image, build_image(board, files | {"/main.py": main_py}))
        routes = {f"{self.twin.host_name}:8883": ("127.0.0.1", self.twin.tls_port)}
        vboard = VirtualBoard(image, board, resolve=routes)
        with serial.Serial(vboard.plug_in()) as port, vboard:
            reader = LineReader()

            def lines(_within_s: float) -> Iterator[str]:
                for line in reader.read(port):
                    said = parse(line, 0.0)
                    if said and told is not None:
                        told.append(said.name)
                    yield line

            yield Console(lines)


@contextmanager
def stage() -> Iterator[Stage]:
    """A twin that knows one device."""
    with (
        TwinThread(groups=["GID_size"]) as twin,
        tempfile.TemporaryDirectory(prefix="devcred-size-") as folder,
    ):
        credential = twin.call(twin.twin.state.new_credential, _CLIENT_ID)
        held = Credential(_CLIENT_ID, twin.instance_id, credential.key_id, credential.secret)
        yield Stage(twin, held, Path(folder))
