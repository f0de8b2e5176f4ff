"""What the device's side is told at each start: one JSON object."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from host_tools.errors import UsageError
from host_tools.vboard.chip import Chip
from host_tools.vboard.process import CONTROL_FD, EVENTS_FD, IMAGE_FD, SETUP_FD
from host_tools.vboard.watchdog import FEEDS_PER_TIMEOUT

if TYPE_CHECKING:
    from host_tools.boards.definition import Board

DEVICE = Path(__file__).resolve().parent / "device"
# Heap for the stand-ins themselves; device/firmware_start.py takes back what they leave of it.
_STAND_INS_WK = 64
_BYTES_PER_WK = 2048
_WDT_MAX_MS = {"RP2040": 8388, "RP2350": 16777}
# First bytes of a chip ID and of a MAC address, as the makers give them out.
_ID_PREFIX = {"esp32": bytes.fromhex("240ac4"), "rp2": bytes.fromhex("e661")}
_RP2_MAC_PREFIX = bytes.fromhex("28cdc1")
_FROZEN_THAT_WE_BRING = ("umqtt.simple",)


def chip_id(board: "Board", image: Path, given: bytes | None) -> bytes:
    """The board's unique ID: as given, else one that stays with the image's path."""
    if given is None:
        prefix = _ID_PREFIX[board.port]
        digest = hashlib.sha256(str(image.absolute()).encode()).digest()
        return (prefix + digest)[: board.unique_id_bytes]
    if len(given) != board.unique_id_bytes:
        raise UsageError(
            f"unique ID has {len(given)} bytes, not {board.unique_id_bytes}", where="vboard", do=board.id
        )
    return given


@dataclass(frozen=True)
class DeviceSetup:
    """What stays the same over all resets of one virtual board."""

    board: "Board"
    unique_id: bytes
    frozen: tuple[str, ...]
    frozen_path: str

    def arguments(self) -> list[str]:
        """The interpreter's command line."""
        heap = f"heapsize={self.board.heap_wk + _STAND_INS_WK}wk"
        return ["-X", heap, "-i", str(DEVICE / "devboot.py"), *map(str, (SETUP_FD, EVENTS_FD, CONTROL_FD))]

    def content(
        self,
        chip: Chip,
        *,
        air: Mapping[str, object],
        pins: Mapping[str, int],
        mark: str,
        run_main: bool,
    ) -> bytes:
        """What is read from SETUP_FD in one start. air: see Network.air; pins: what drives them, by name."""
        board, filesystem = self.board, self.board.filesystem
        setup = {
            "port": board.port,
            "machine": board.machine_name,
            "unique_id": self.unique_id.hex(),
            "mac": self._mac().hex(),
            "epoch": board.epoch,
            "feeds_per_timeout": FEEDS_PER_TIMEOUT,
            "wdt_max_ms": next((ms for mcu, ms in _WDT_MAX_MS.items() if mcu in board.machine_name), 0),
            "heap_bytes": board.heap_wk * _BYTES_PER_WK,
            "block_bytes": filesystem.block_bytes,
            "blocks": filesystem.blocks,
            "prog_bytes": filesystem.prog_bytes,
            "image_fd": IMAGE_FD,
            "device_path": str(DEVICE),
            "frozen": self.frozen,
            "frozen_path": self.frozen_path,
            "neopixel": "neopixel" in board.frozen,
            "pins": pins,
            "air": air,
            "mark": mark,
            "run_main": run_main,
            "reset_cause": chip.reset_cause,
            "reset_us": chip.reset_us,
            "clock_offset_ns": chip.clock.offset_ns,
        }
        return json.dumps(setup).encode()

    def _mac(self) -> bytes:
        return self.unique_id if self.board.port == "esp32" else _RP2_MAC_PREFIX + self.unique_id[-3:]


def make_setup(board: "Board", unique_id: bytes) -> DeviceSetup:
    """MachineError if the board's stock firmware freezes a package that cannot be fetched."""
    frozen = tuple(name for name in _FROZEN_THAT_WE_BRING if name in board.frozen)
    frozen_path = ""
    if frozen:
        from host_tools.sources import umqtt_path

        frozen_path = str(umqtt_path())
    return DeviceSetup(board, unique_id, frozen, frozen_path)
