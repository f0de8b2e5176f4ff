"""The image as a board's flash: formatted by the board, shared with the host, NOR rules kept."""

from pathlib import Path

from host_tools.boards.definition import Board
from host_tools.boards.image import read_image
from tests.vboard.kit import image_with, running

CHURN = """
import os
for i in range(40):
    name = "f%d" % (i % 5)
    with open(name, "a") as f:
        f.write("x" * (i * 37 % 900))
    if i % 7 == 0:
        os.remove(name)
print("done")
"""


def test_erased_flash_is_formatted_at_first_boot(board: Board, tmp_path: Path) -> None:
    image = tmp_path / "new.img"
    with running(image, board) as (_, screen):
        screen.wait_for(rb">>> $")
        assert (
            screen.run(
                "f = open('main.py', 'w'); n = f.write('print(7*6)'); f.close(); import os; os.listdir()"
            )
            == "['main.py']"
        )
        screen.type(b"\x04")
        screen.wait_for(rb"soft reboot\r\n42\r\n")
        geometry = screen.run("import os; print(os.statvfs('/')[:3])")
    assert (
        geometry
        == f"({board.filesystem.block_bytes}, {board.filesystem.block_bytes}, {board.filesystem.blocks})"
    )
    assert read_image(board, image.read_bytes()) == {"/main.py": b"print(7*6)"}
    assert image.stat().st_mode & 0o777 == 0o600


def test_no_flash_rule_is_broken(board: Board, tmp_path: Path) -> None:
    """Many small writes, rewrites and removals: never a program of what was not erased."""
    with running(image_with(tmp_path / "b.img", board, main=CHURN), board) as (made, screen):
        screen.wait_for(rb"done\r\n")
    assert not [event for event in made.events if event.kind == "flash"]


def test_programming_clears_bits_only(esp32: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", esp32), esp32) as (made, screen):
        screen.wait_for(rb">>> $")
        screen.run("import filebdev; d = filebdev.FileBlockDevice(4, 4096, 512); d.ioctl(6, 500)")
        screen.run("d.writeblocks(500, b'\\x0f', 0); d.writeblocks(500, b'\\xf3', 0); b = bytearray(2)")
        assert screen.run("d.readblocks(500, b, 0); print(bytes(b))") == r"b'\x03\xff'"
        assert "sets bits" in made.wait_for("flash").text


def test_files_survive_a_power_cycle(esp32: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", esp32), esp32) as (made, screen):
        screen.wait_for(rb">>> $")
        screen.run("f = open('kept', 'w'); f.write('yes'); f.close()")
        made.power_cycle()
        screen.wait_for(rb">>> $")
        assert screen.run("print(open('kept').read())") == "yes"
