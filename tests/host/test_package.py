"""The agent as others get it: by mip from the working tree, and frozen into a firmware."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Self

import pytest

import devcred
from host_tools import paths
from host_tools.boards import mip_package
from host_tools.boards.definition import board_ids, load_board
from host_tools.boards.transport import open_board
from host_tools.vboard import VirtualBoard

ROOT = paths.FIRMWARE.parent
MODULES = {path.name for path in (paths.FIRMWARE / "devcred").glob("*.py")}


def test_the_package_lists_the_modules_there_are() -> None:
    written = (ROOT / "package.json").read_text()
    assert written == mip_package.text(), "write it anew: python -m host_tools.boards.mip_package"
    listed = json.loads(written)
    assert listed["version"] == devcred.__version__
    assert {Path(target).name for target, _ in listed["urls"]} == MODULES
    assert all((ROOT / source).is_file() for _, source in listed["urls"])


@pytest.mark.parametrize("board_id", ["ESP32_GENERIC", "RPI_PICO_W"])
def test_mpremote_installs_it_from_the_working_tree(board_id: str, tmp_path: Path) -> None:
    with VirtualBoard(tmp_path / "board.img", load_board(board_id)) as board:
        command = [sys.executable, "-m", "mpremote", "connect", board.port, "mip", "install", "--no-mpy"]
        ended = subprocess.run(
            [*command, str(ROOT / "package.json")], check=False, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        with open_board(board.port) as link:
            assert set(link.list("/lib/devcred")) == MODULES
            code = "from devcred import signing\nprint(signing.password('GID_Test@@@0001', 'XXXXX'))"
            assert link.exec(code) == "vI009IZJZVGRwBwZvnbwjfuXxVM=\n"


class _Recorder:
    """What MicroPython's build gives a manifest, noting what is asked; variables are not followed."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.metadata: dict[str, str] = {}
        self.modules: set[str] = set()

    def run(self, manifest: Path) -> Self:
        def include(path: str) -> None:
            self.asked.append(("include", path))
            if not path.startswith("$("):
                self.run(manifest.parent / path)

        def package(name: str, base_path: str = ".") -> None:
            self.modules |= {path.name for path in (manifest.parent / base_path / name).glob("*.py")}

        given = {
            "include": include,
            "package": package,
            "require": lambda name: self.asked.append(("require", name)),
            "metadata": self.metadata.update,
        }
        exec(compile(manifest.read_text(), str(manifest), "exec"), given)
        return self


def test_the_manifest_freezes_every_module() -> None:
    recorded = _Recorder().run(ROOT / "manifest.py")
    assert recorded.modules == MODULES
    assert recorded.metadata["version"] == devcred.__version__
    assert recorded.asked == []


@pytest.mark.parametrize("board_id", board_ids())
def test_a_boards_manifest_adds_the_agent_to_what_it_freezes_anyway(board_id: str) -> None:
    recorded = _Recorder().run(paths.BOARDS / board_id / "manifest.py")
    board = load_board(board_id)
    stock = {"esp32": "$(PORT_DIR)/boards/manifest.py", "rp2": "$(BOARD_DIR)/manifest.py"}[board.port]
    assert ("include", stock) in recorded.asked
    assert recorded.modules == MODULES
    needs_client = "umqtt.simple" not in board.frozen
    assert (("require", "umqtt.simple") in recorded.asked) == needs_client
