"""LittleFS images, checked both ways against the file system in the real MicroPython."""

import ast
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host_tools.boards.definition import Board, board_ids, load_board
from host_tools.boards.image import build_image, empty_image, read_image, write_image
from host_tools.errors import BoardError, UsageError
from tests.mpy import vm

FILES = {
    "/boot.py": b"",
    "/devcred.json": b'{"client_id": "GID_Test@@@0001"}',
    "/lib/devcred/agent.mpy": bytes(range(256)) * 79,
    "/lib/umqtt/simple.mpy": b"M\x06",
    "/\N{LATIN SMALL LETTER E WITH ACUTE}.txt": b"name beyond ASCII",
}
THERE = {"/made/there.txt": b"there" * 2000}


def _on_micropython(board: Board, image: Path, mode: str) -> Any:
    geometry = board.filesystem
    arguments = [str(image), str(geometry.blocks), str(geometry.prog_bytes), mode]
    script = Path(__file__).with_name("mount.py")
    ended = vm.run(script, arguments, path=[], cwd=image.parent, deadline_s=20, heap="512wk")
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    return ast.literal_eval(ended.stdout)


@pytest.mark.parametrize("board_id", board_ids())
def test_micropython_mounts_what_we_build_and_we_read_what_it_adds(board_id: str, tmp_path: Path) -> None:
    board = load_board(board_id)
    image = tmp_path / "board.img"
    write_image(image, build_image(board, FILES))
    assert _on_micropython(board, image, "add") == FILES
    assert read_image(board, image.read_bytes()) == FILES | THERE


@pytest.mark.parametrize("board_id", ["ESP32_GENERIC", "RPI_PICO_W"])
def test_we_read_what_micropython_formats(board_id: str, tmp_path: Path) -> None:
    board = load_board(board_id)
    image = tmp_path / "board.img"
    image.write_bytes(b"\xff" * board.filesystem.size_bytes)
    assert _on_micropython(board, image, "make") == {}
    assert read_image(board, image.read_bytes()) == THERE


@pytest.mark.parametrize("board_id", board_ids())
def test_an_image_has_the_size_of_the_file_system(board_id: str) -> None:
    board = load_board(board_id)
    image = empty_image(board)
    assert len(image) == board.filesystem.size_bytes
    assert read_image(board, image) == {}


def test_the_same_files_give_the_same_image_in_any_order() -> None:
    board = load_board("RPI_PICO_W")
    assert build_image(board, FILES) == build_image(board, dict(reversed(FILES.items())))


def test_an_image_says_which_disk_version_it_is() -> None:
    # The superblock's version, little-endian, minor first: 2.1.
    assert empty_image(load_board("RPI_PICO_W")).find(b"littlefs") == 8
    assert b"\x01\x00\x02\x00" in empty_image(load_board("RPI_PICO_W"))[:64]


def test_files_that_do_not_fit_are_refused() -> None:
    board = load_board("RPI_PICO_W")
    too_much = {"/data.bin": bytes(board.filesystem.size_bytes)}
    with pytest.raises(
        BoardError, match="^RPI_PICO_W: the files do not fit into its file system of 868352 bytes"
    ):
        build_image(board, too_much)


@pytest.mark.parametrize("path", ["/", "", "/../up", "/a/../../up"])
def test_a_path_that_is_no_files_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="not a path to a file"):
        build_image(load_board("RPI_PICO_W"), {path: b""})


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(BoardError, match="NAMETOOLONG"):
        build_image(load_board("RPI_PICO_W"), {"/" + "n" * 300: b""})


@pytest.mark.parametrize(
    "spoil", [lambda image: image[:-1], lambda image: b"\xff" * len(image), lambda image: b""]
)
def test_what_is_no_image_is_refused(spoil: Callable[[Any], bytes]) -> None:
    board = load_board("RPI_PICO_W")
    with pytest.raises(BoardError, match="^image for RPI_PICO_W: "):
        read_image(board, spoil(empty_image(board)))


def test_another_boards_image_is_refused() -> None:
    with pytest.raises(BoardError, match="2097152 bytes, the board's file system has 868352"):
        read_image(load_board("RPI_PICO_W"), empty_image(load_board("ESP32_GENERIC")))


def test_an_image_file_is_the_owners_alone_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "board.img"
    file.write_bytes(b"old")
    file.chmod(0o644)
    write_image(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["board.img"]


def test_an_image_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "board.img").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        write_image(tmp_path / "board.img", b"new")
    with pytest.raises(UsageError, match="cannot be written"):
        write_image(tmp_path / "nowhere" / "board.img", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["board.img"]
