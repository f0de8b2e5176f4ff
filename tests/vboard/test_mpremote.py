"""The real mpremote command on a virtual board, as on a board on a cable."""

import hashlib
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.boards.definition import load_board
from host_tools.boards.image import read_image
from host_tools.vboard import VirtualBoard
from tests.vboard.kit import MPREMOTE, image_with, mpremote, terminal

MAIN = "print('main runs')\nmain_ran = True"


@pytest.fixture(scope="module", params=["ESP32_GENERIC", "RPI_PICO_W"])
def vboard(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VirtualBoard]:
    board = load_board(request.param)
    folder = tmp_path_factory.mktemp("vboard")
    with VirtualBoard(image_with(folder / "board.img", board, main=MAIN), board) as running:
        yield running


def ok(result: "subprocess.CompletedProcess[str]") -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_exec_eval_run(vboard: VirtualBoard, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("for i in range(3):\n    print('line', i)\n")
    assert ok(mpremote(vboard.port, "exec", "print('é')", "eval", "6*7", "run", str(script))) == (
        "é\n42\nline 0\nline 1\nline 2\n"
    )


def test_exception_is_shown_and_fails(vboard: VirtualBoard) -> None:
    result = mpremote(vboard.port, "exec", "1/0")
    assert result.returncode == 1
    assert result.stdout.endswith("ZeroDivisionError: divide by zero\n")


def test_files(vboard: VirtualBoard, tmp_path: Path) -> None:
    content = random.Random(7).randbytes(20_000)
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "big.bin").write_bytes(content)
    (tmp_path / "tree" / "small.txt").write_text("small\n")
    ok(mpremote(vboard.port, "fs", "mkdir", ":d", "+", "fs", "cp", "-r", str(tmp_path / "tree"), ":d/"))
    shown = ok(
        mpremote(vboard.port, "fs", "tree", ":d", "+", "fs", "sha256sum", ":d/tree/sub/big.bin", "+", "df")
    )
    assert "└── tree" in shown and hashlib.sha256(content).hexdigest() in shown
    assert str(vboard.board.filesystem.blocks * vboard.board.filesystem.block_bytes) in shown
    back = tmp_path / "back.bin"
    ok(
        mpremote(
            vboard.port, "fs", "cp", ":d/tree/sub/big.bin", str(back), "+", "fs", "cat", ":d/tree/small.txt"
        )
    )
    assert back.read_bytes() == content
    shown = ok(mpremote(vboard.port, "fs", "rm", "-r", ":d", "+", "fs", "ls", ":/"))
    assert "main.py" in shown and " d/" not in shown


def test_soft_reset_of_the_raw_repl_skips_main(vboard: VirtualBoard) -> None:
    """mpremote soft-resets before exec: a clean interpreter, boot.py run, main.py not."""
    ok(mpremote(vboard.port, "exec", "left_behind = 1"))
    shown = ok(mpremote(vboard.port, "exec", "print('main_ran' in globals(), 'left_behind' in globals())"))
    assert shown == "False False\n"
    ok(mpremote(vboard.port, "exec", "kept = 1"))
    assert ok(mpremote(vboard.port, "resume", "exec", "print(kept)")) == "1\n"


def test_reset_starts_main(vboard: VirtualBoard) -> None:
    before = len(vboard.events)
    with terminal(vboard.port) as screen:
        ok(mpremote(vboard.port, "reset"))
        screen.wait_for(rb"main runs\r\n")
    vboard.wait_for("reset", "hard", after=before)


def test_mount_runs_and_writes_host_files(vboard: VirtualBoard, tmp_path: Path) -> None:
    binary = bytes(range(256)) + b"\r\n\n\xff\xffn"
    (tmp_path / "hostmod.py").write_text("def answer():\n    return 42\n")
    write = f"with open('/remote/w.bin', 'wb') as f: f.write({binary!r})"
    code = f"import hostmod\n{write}\nprint(hostmod.answer())"
    assert "42\n" in ok(mpremote(vboard.port, "mount", str(tmp_path), "exec", code))
    assert (tmp_path / "w.bin").read_bytes() == binary


def test_mip_installs_a_local_package(vboard: VirtualBoard, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"urls": [["hello/__init__.py", "h.py"]], "version": "1"}')
    (tmp_path / "h.py").write_text("WORD = 'hello'\n")
    ok(mpremote(vboard.port, "mip", "install", "--no-mpy", str(tmp_path / "package.json")))
    assert ok(mpremote(vboard.port, "exec", "import hello; print(hello.WORD)")) == "hello\n"


def test_port_is_held_by_one_at_a_time(vboard: VirtualBoard) -> None:
    first = subprocess.Popen(
        [MPREMOTE, "connect", vboard.port, "exec", "import time; print('in'); time.sleep(30)"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert first.stdout and first.stdout.readline() == b"in\r\n"
        second = mpremote(vboard.port, "exec", "print(1)")
    finally:
        first.kill()
        first.communicate()
    assert second.returncode == 1 and "in use" in second.stdout + second.stderr
    assert ok(mpremote(vboard.port, "exec", "print('free again')")) == "free again\n"


def test_rtc_set(vboard: VirtualBoard) -> None:
    ok(mpremote(vboard.port, "rtc", "--set"))
    assert int(ok(mpremote(vboard.port, "eval", "__import__('time').gmtime()[0]"))) >= 2025


def test_what_the_device_wrote_is_in_the_image(vboard: VirtualBoard) -> None:
    ok(mpremote(vboard.port, "exec", "f = open('/note.txt', 'w'); f.write('from the board'); f.close()"))
    assert read_image(vboard.board, vboard.image.read_bytes())["/note.txt"] == b"from the board"
