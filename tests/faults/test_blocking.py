"""What blocks below the sockets: a board with a short watchdog lives through it; one that hangs does not.

Every row of "What can block" in docs/architecture.md names the test that stalls it, here or in MicroPython.
"""

import ast
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from devcred import config
from devcred.config import WATCHDOG_MAX_MS
from host_tools.demo.console import Console
from host_tools.twin import TwinThread
from host_tools.vboard import VirtualBoard
from tests.e2e.device import GROUP, Device

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")
# Far below the 8,388 ms that a stretch may take, far above what a busy computer adds to the declared ones.
WATCHDOG_MS = 2000
STALL_MS = 2 * WATCHDOG_MS
DEFAULTS = config.check({"client_id": "GID_test@@@d", "host": "h"})
SLICE_MS = 200
NAMED_S = 15.0

HANGING_APP = b"""
def loop(agent):
    if agent.online():
        while True:
            pass
"""


def lost(console: Console, cause: str) -> None:
    """The next loss of this cause; others may come before it, as the board was on before the stall began."""
    end_s = time.monotonic() + NAMED_S
    while console.expect("lost", end_s - time.monotonic()).value("cause") != cause:
        pass


def resolve(board: VirtualBoard, console: Console) -> None:
    board.network.dns_silent(for_ms=STALL_MS)
    lost(console, "dns")


def join(board: VirtualBoard, console: Console) -> None:
    board.network.no_address()
    lost(console, "no-wifi")


def hang(board: VirtualBoard, console: Console) -> None:
    console.expect("connack", NAMED_S)
    board.wait_for("reset", "watchdog", deadline_s=NAMED_S)


STALLS: dict[str, Callable[[VirtualBoard, Console], None]] = {"resolve": resolve, "join": join, "hang": hang}
PLAYS = [f"{stall}-{board_id}" for stall in STALLS for board_id in BOARDS]


def play(twin: TwinThread, name: str, folder: Path) -> list[str]:
    """Why the board was reset meanwhile, if it was."""
    folder.mkdir()
    stall, board_id = name.split("-")
    settings: dict[str, object] = {
        "tls": stall == "hang",
        "watchdog_ms": WATCHDOG_MS,
        "join_timeout_s": STALL_MS // 1000,
        "retry_cap_ms": 1000,
    }
    device = Device(twin, name, folder, board_id, config=settings)
    if stall == "hang":
        device.files["/app.py"] = HANGING_APP
    with device.powered() as (board, console):
        STALLS[stall](board, console)
        return [event.text for event in board.events if event.kind == "reset"]


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "Future[list[str]]"]]:
    folder = tmp_path_factory.mktemp("blocking")
    with TwinThread(groups=(GROUP,)) as twin, ThreadPoolExecutor(len(PLAYS)) as pool:
        yield {name: pool.submit(play, twin, name, folder / name) for name in PLAYS}


@pytest.mark.parametrize("board_id", BOARDS)
@pytest.mark.parametrize("stall", [stall for stall in STALLS if stall != "hang"])
def test_stall(plays: dict[str, "Future[list[str]]"], stall: str, board_id: str) -> None:
    assert plays[f"{stall}-{board_id}"].result() == []


@pytest.mark.parametrize("board_id", BOARDS)
def test_hang(plays: dict[str, "Future[list[str]]"], board_id: str) -> None:
    assert plays[f"hang-{board_id}"].result() == ["watchdog"]


def declared() -> list[list[str]]:
    """The table's rows, cell by cell."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    section = text.partition("\n## What can block")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def names_in(path: Path) -> set[str]:
    found = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
    return {name for name in found if name.startswith("test_")}


ROWS = declared()


def number(cell: str) -> int:
    return int(cell.replace(",", ""))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_row_has_its_stall_and_its_figures(row: list[str]) -> None:
    _, bound, worst_ms, unfed_ms, proofs = row
    proof = re.findall(r"`([\w./]+)::(\w+)`", proofs)
    assert proof
    for path, test in proof:
        assert test in names_in(ROOT / "tests" / path)
    assert number(unfed_ms) < WATCHDOG_MAX_MS
    by = re.search(r"(?:(\d+) times )?`(\w+)`(?: / (\d+))?", bound)
    if by:
        times, key, part = by.groups()
        unit = 1 if key.endswith("_ms") else 1000
        assert number(worst_ms) == int(times or 1) * DEFAULTS[key] * unit // int(part or 1)


def test_every_stall_has_its_row() -> None:
    named = set(re.findall(r"firmware/test_blocking.py::(\w+)", " ".join(row[-1] for row in ROWS)))
    assert named == names_in(ROOT / "tests" / "firmware" / "test_blocking.py")


def test_the_stretches_together_stay_below_the_watchdog() -> None:
    stretches = [number(row[3]) for row in ROWS]
    # Waits on a socket begin with a feeding, so one of them counts; nothing says so of the others.
    others = [each for each in stretches if each != SLICE_MS]
    assert len(others) < len(stretches)
    assert SLICE_MS + sum(others) < WATCHDOG_MAX_MS
