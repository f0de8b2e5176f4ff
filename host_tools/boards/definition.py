"""What the project knows about a board, read from `boards/<ID>/board.json` and checked.

`boards/board.schema.json` describes each field; the rules that tie fields together are here.
"""

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator

from devcred.nearest import nearest
from host_tools import paths
from host_tools.boards.schema_errors import first_problem
from host_tools.errors import UsageError

DOWNLOAD_PAGE = "https://micropython.org/download/%s/"
# Which kinds of LED heed a key; the others are for all.
_HEEDED_BY = {
    "pin": ("plain", "rgb"),
    "active_low": ("plain",),
    "order": ("rgb",),
    "brightness": ("rgb",),
    "colors": ("rgb",),
    "reason": ("none",),
}


@dataclass(frozen=True)
class FileSystem:
    """Where the LittleFS lies in flash and how the port mounts it; all sizes in bytes."""

    offset: int
    block_bytes: int
    blocks: int
    prog_bytes: int

    @property
    def size_bytes(self) -> int:
        return self.block_bytes * self.blocks


@dataclass(frozen=True)
class Led:
    """`kind` is one of `devcred.config.LED_KINDS`; `pin` what machine.Pin takes, or None.

    For an RGB one: the wire's order of R, G and B, the brightness of a full colour (1 to 255), and
    the colours that differ from `status.COLORS`, each `#rrggbb`.
    """

    kind: str
    pin: int | str | None = None
    active_low: bool = False
    order: str = "GRB"
    brightness: int = 24
    colors: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Button:
    """What machine.Pin takes, or BOOTSEL; how long it is to be held to wipe the device, in ms."""

    pin: int | str
    active_low: bool = True
    hold_ms: int = 5000


@dataclass(frozen=True)
class Firmware:
    """The stock firmware: the oldest release that will do, its file and where in flash it goes."""

    minimum_version: str
    format: Literal["bin", "uf2"]
    offset: int


@dataclass(frozen=True)
class Board:
    """One board; the fields are those of the schema."""

    id: str
    name: str
    mcu: str
    port: Literal["esp32", "rp2"]
    machine_name: str
    flash_bytes: int
    filesystem: FileSystem
    heap_wk: int
    heap_source: str
    epoch: Literal[1970, 2000]
    unique_id_bytes: int
    led: Led
    firmware: Firmware
    frozen: tuple[str, ...]
    button: Button | None = None
    features: tuple[str, ...] = ("whole",)

    @property
    def download_page(self) -> str:
        """The page of MicroPython's site that has the stock firmware."""
        return DOWNLOAD_PAGE % self.id

    def is_machine(self, machine: str) -> bool:
        """Whether `machine`, the board's own os.uname().machine, names this board's chip."""
        chip = machine.rpartition(" with ")[2].lower().removesuffix("-riscv")
        return chip.replace("-", "") == self.mcu


def board_ids(folder: Path | None = None) -> list[str]:
    """The IDs of all boards that have a definition, in order."""
    return sorted(_files(folder))


def load_board(board_id: str, folder: Path | None = None) -> Board:
    """The definition of `board_id`; UsageError if there is none or it breaks a rule.

    `folder` holds the boards' folders; by default those that DEVCRED_BOARDS names and the project's
    own, of which the first counts that has the board.
    """
    known = _files(folder)
    if board_id not in known:
        near = nearest(board_id.upper(), known)
        raise UsageError(
            "no such board" + (f", did you mean {near}?" if near else ""),
            where=f"board {board_id!r}",
            do=f"known boards: {', '.join(sorted(known)) or 'none'}",
        )
    return _checked(known[board_id])


def _files(folder: Path | None) -> dict[str, Path]:
    folders = [folder] if folder else [*_own_folders(), paths.BOARDS]
    return {file.parent.name: file for each in reversed(folders) for file in each.glob("*/board.json")}


def _own_folders() -> list[Path]:
    named = [Path(name) for name in os.environ.get("DEVCRED_BOARDS", "").split(os.pathsep) if name]
    for folder in named:
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder", where="DEVCRED_BOARDS", do="mend it, or unset it")
    return named


def _checked(file: Path) -> Board:
    where = f"{file.parent.name}/{file.name}"
    try:
        # 512.0 is an integer to a schema, and none to a geometry: as text it is refused.
        given = json.loads(file.read_bytes(), parse_float=str)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot be read as JSON ({error})", where=where, do="mend the file") from None
    _refuse(first_problem(_validator(), given) or _idle_key(given["led"]), where)
    board = _board(given)
    _refuse(_crossed(board, file.parent.name), where)
    return board


def _refuse(problem: str | None, where: str) -> None:
    if problem:
        raise UsageError(problem, where=where, do="see boards/README.md for each field")


@functools.cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((paths.BOARDS / "board.schema.json").read_bytes()))


def _idle_key(led: dict[str, Any]) -> str | None:
    """The first key that an LED of this kind would not heed, or None."""
    idle = next((key for key in led if led["kind"] not in _HEEDED_BY.get(key, (led["kind"],))), None)
    return f"led.{idle}: means nothing for kind {led['kind']}" if idle else None


def _crossed(board: Board, folder_name: str) -> str | None:
    """The first rule broken that ties several fields together, or None."""
    fs = board.filesystem
    over_bytes = fs.offset + fs.size_bytes - board.flash_bytes
    if board.id != folder_name:
        return f"id: must equal the folder's name, {folder_name}"
    if fs.offset % fs.block_bytes:
        return f"filesystem.offset: must be a multiple of block_bytes, {fs.block_bytes}"
    if over_bytes > 0:
        return f"filesystem.blocks: reaches {over_bytes} bytes past the end of flash"
    if board.firmware.offset >= fs.offset:
        return "firmware.offset: must lie below the file system"
    if not board.is_machine(board.machine_name):
        return f"machine_name: its last part must name the chip, {board.mcu}"
    return None


def _board(given: dict[str, Any]) -> Board:
    fields = {key: value for key, value in given.items() if key != "$schema"}
    fields["filesystem"] = FileSystem(**given["filesystem"])
    fields["led"] = Led(**given["led"])
    fields["button"] = Button(**given["button"]) if "button" in given else None
    fields["firmware"] = Firmware(**given["firmware"])
    fields["frozen"] = tuple(given["frozen"])
    if "features" in given:
        fields["features"] = tuple(given["features"])
    return Board(**fields)
