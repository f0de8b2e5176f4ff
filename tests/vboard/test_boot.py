"""boot.py, main.py, the REPL and Ctrl-C, as on a board."""

from pathlib import Path

import pytest

from host_tools.boards.definition import Board
from tests.vboard.kit import image_with, mpremote, running

EXIT_ONCE = """
import os
if "second" in os.listdir():
    print("second run")
else:
    open("second", "w").close()
    raise SystemExit
"""


def test_boot_then_main_then_banner(board: Board, tmp_path: Path) -> None:
    image = image_with(
        tmp_path / "b.img", board, boot="print('boot', __name__)", main="print('main', __file__)"
    )
    with running(image, board) as (_, screen):
        before = screen.wait_for(
            rb"^(.*)boot __main__\r\nmain main.py\r\nMicroPython [^\r]*; ([^\r]*)\r\nType"
        )
        assert before[2].decode() == board.machine_name
        assert before[1] == (b"rst:0x1 (POWERON_RESET)\r\n" if board.port == "esp32" else b"")
        screen.wait_for(rb">>> $")
        assert screen.run("print(sorted(globals()))") == "['__file__', '__name__']"
        assert screen.run("import sys; print(sys.path, sys.argv)") == "['', '.frozen', '/lib'] []"


def test_failing_boot_skips_main_and_shows_why(esp32: Board, tmp_path: Path) -> None:
    image = image_with(tmp_path / "b.img", esp32, boot="def f():\n    1/0\nf()", main="print('main runs')")
    with running(image, esp32) as (_, screen):
        shown = screen.wait_for(rb"(Traceback.*)MicroPython ")[1].decode()
    assert shown == (
        "Traceback (most recent call last):\r\n"
        '  File "boot.py", line 3, in <module>\r\n'
        '  File "boot.py", line 2, in f\r\n'
        "ZeroDivisionError: divide by zero\r\n"
    )


def test_exit_in_main_is_a_soft_reset(esp32: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", esp32, main=EXIT_ONCE), esp32) as (_, screen):
        screen.wait_for(rb"MPY: soft reboot\r\nsecond run\r\n")


@pytest.mark.parametrize("busy", ["while True: pass", "time.sleep(60)", "time.sleep_ms(60000)"])
def test_interrupt_reaches_main(esp32: Board, tmp_path: Path, busy: str) -> None:
    main = (
        f"import time\ntry:\n    print('in')\n    {busy}\nexcept KeyboardInterrupt:\n    print('interrupted')"
    )
    with running(image_with(tmp_path / "b.img", esp32, main=main), esp32) as (_, screen):
        screen.wait_for(rb"in\r\n")
        screen.type(b"\x03")
        screen.wait_for(rb"interrupted\r\n.*>>> $")


def test_interrupts_in_a_row_are_one(esp32: Board, tmp_path: Path) -> None:
    main = "try:\n    print('in')\n    while True: pass\nexcept KeyboardInterrupt:\n    print('interrupted')"
    with running(image_with(tmp_path / "b.img", esp32, main=main), esp32) as (made, screen):
        screen.wait_for(rb"in\r\n")
        screen.type(b"\x03\x03\x03")
        screen.wait_for(rb"interrupted\r\n.*>>> $")
        assert screen.run("1+1") == "2"
    assert not [event for event in made.events if event.kind in ("reset", "exit")]


def test_uncaught_interrupt_ends_main_in_the_repl(esp32: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", esp32, main="print('in')\nwhile True: pass"), esp32) as (
        _,
        screen,
    ):
        screen.wait_for(rb"in\r\n")
        screen.type(b"\x03")
        screen.wait_for(rb'File "main.py", line [12], in <module>\r\nKeyboardInterrupt: \r\n.*>>> $')


def test_interrupt_as_a_byte(esp32: Board, tmp_path: Path) -> None:
    main = "import micropython, sys\nmicropython.kbd_intr(-1)\nprint('in')\nprint(sys.stdin.buffer.read(3))"
    with running(image_with(tmp_path / "b.img", esp32, main=main), esp32) as (_, screen):
        screen.wait_for(rb"in\r\n")
        screen.type(b"a\x03b")
        screen.wait_for(rb"b'a\\x03b'\r\n")


def test_friendly_soft_reset_runs_main_again(board: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", board, main="print('main runs')"), board) as (_, screen):
        screen.wait_for(rb">>> $")
        screen.type(b"x = 1\r\x04")
        screen.wait_for(rb"\r\nMPY: soft reboot\r\nmain runs\r\n.*>>> $")
        assert screen.run("print('x' in globals())") == "False"


def test_raw_mode_survives_a_soft_reset_in_boot(esp32: Board, tmp_path: Path) -> None:
    boot = "import os\nif 'again' in os.listdir():\n    os.remove('again')\n    raise SystemExit"
    with running(image_with(tmp_path / "b.img", esp32, boot=boot, main="print('main runs')"), esp32) as (
        _,
        screen,
    ):
        screen.wait_for(rb"main runs.*>>> $")
        screen.run("open('again', 'w').close()")
        screen.type(b"\x01")
        screen.wait_for(rb"raw REPL; CTRL-B to exit\r\n>$")
        screen.type(b"\x04")
        shown = screen.wait_for(rb"soft reboot(.*)soft reboot(.*)raw REPL; CTRL-B to exit\r\n>$")
    assert b"main runs" not in shown[1] + shown[2]


def test_host_files_and_modules_are_not_there(
    esp32: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does the caller's folder have a say in what is imported."""
    (tmp_path / "json.py").write_text("raise ValueError('the host\\'s')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MICROPYPATH", str(tmp_path))
    with running(image_with(tmp_path / "b.img", esp32), esp32) as (_, screen):
        screen.wait_for(rb">>> $")
        assert (
            screen.run("import json, os; print(json.loads('7'), os.listdir('/'), hasattr(os, 'getenv'))")
            == "7 [] False"
        )
        assert "ENOENT" in screen.run(f"open({str(tmp_path / 'json.py')!r})")
        assert "ImportError" in screen.run("import rp2")


def test_heap_is_the_boards(board: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", board), board) as (_, screen):
        screen.wait_for(rb">>> $")
        free = int(screen.run("import gc; _ = gc.collect(); print(gc.mem_free())"))
        whole = board.heap_wk * 2048
        assert 0.96 * whole < free < 0.99 * whole
        assert "MemoryError" in screen.run(f"x = bytearray({whole})")
        assert screen.run(f"x = bytearray({int(0.8 * whole)}); print(len(x))") == str(int(0.8 * whole))


def test_frozen_as_on_the_stock_firmware(board: Board, tmp_path: Path) -> None:
    with running(image_with(tmp_path / "b.img", board), board) as (_, screen):
        screen.wait_for(rb">>> $")
        shown = screen.run("import umqtt.simple; print(umqtt.simple.MQTTClient)")
    assert ("<class 'MQTTClient'>" in shown) is ("umqtt.simple" in board.frozen)
    assert ("ImportError" in shown) is ("umqtt.simple" not in board.frozen)


def test_names_itself_as_the_board(board: Board, tmp_path: Path) -> None:
    result = "import sys, os, machine; print((sys.platform, sys.implementation._machine, os.uname().machine))"
    with running(
        image_with(tmp_path / "b.img", board), board, unique_id=bytes(range(board.unique_id_bytes))
    ) as (made, screen):
        screen.wait_for(rb">>> $")
        assert screen.run(result) == str((board.port, board.machine_name, board.machine_name))
        assert screen.run("print(machine.unique_id().hex())") == bytes(range(board.unique_id_bytes)).hex()
        assert mpremote(made.port, "resume", "eval", "1+1").stdout == "2\n"
