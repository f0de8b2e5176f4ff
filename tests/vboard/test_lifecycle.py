"""Start, stop and sudden death: nothing is left behind, whatever the state."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import serial

from host_tools.boards.definition import Board
from host_tools.errors import MachineError, UsageError
from host_tools.vboard import VirtualBoard
from host_tools.vboard.process import BoardProcess, catches_interrupt, find_micropython
from tests.vboard.kit import image_with, mpremote, running

if not Path("/proc/self/task").is_dir():
    pytest.skip("needs /proc to see what is left behind", allow_module_level=True)

BUSY = "print('in')\nwhile True: pass"


def children() -> set[str]:
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {pid for file in tasks for pid in file.read_text().split()}


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_host_that_is_there_before_the_power_misses_nothing(esp32: Board, tmp_path: Path) -> None:
    made = VirtualBoard(image_with(tmp_path / "b.img", esp32, main="print('first line')"), esp32)
    with serial.Serial(made.plug_in(), timeout=10) as port, made:
        made.wait_for("boot")
        assert port.read_until(b"first line\r\n").endswith(b"first line\r\n")


def test_stop_of_a_board_that_never_had_power_leaves_nothing(esp32: Board, tmp_path: Path) -> None:
    before, files, link = children(), open_files(), tmp_path / "tty"
    made = VirtualBoard(image_with(tmp_path / "b.img", esp32), esp32, link=link)
    assert made.plug_in() == os.readlink(link)
    made.stop()
    assert (children(), open_files()) == (before, files) and not link.is_symlink()


@pytest.mark.parametrize(
    "main", [BUSY, "import time\ntime.sleep(60)", "pass", "import machine\nmachine.WDT(timeout=50)"]
)
def test_stop_leaves_nothing(esp32: Board, tmp_path: Path, main: str) -> None:
    link = tmp_path / "tty"
    image = image_with(tmp_path / "b.img", esp32, main=main)
    before, files = children(), open_files()
    made = VirtualBoard(image, esp32, link=link)
    port = made.start()
    assert os.readlink(link) == port and children() - before
    assert made.describe() == {
        "port": port,
        "link": str(link),
        "board": "ESP32_GENERIC",
        "image": str(image),
        "pid": os.getpid(),
    }
    made.stop()
    made.stop()
    assert children() == before and open_files() == files
    assert not link.is_symlink() and not Path(port).exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.img"]


def test_starts_again_after_stop(esp32: Board, tmp_path: Path) -> None:
    made = VirtualBoard(image_with(tmp_path / "b.img", esp32), esp32)
    for _ in range(2):
        assert mpremote(made.start(), "eval", "1+1").stdout == "2\n"
        made.stop()
    with pytest.raises(MachineError, match="not running"):
        made.power_cycle()


def test_board_dies_with_its_supervisor(esp32: Board, tmp_path: Path) -> None:
    image = image_with(tmp_path / "b.img", esp32, main=BUSY)
    script = (
        "import sys, time; from pathlib import Path\n"
        "from host_tools.boards.definition import load_board; from host_tools.vboard import VirtualBoard\n"
        "made = VirtualBoard(Path(sys.argv[1]), load_board('ESP32_GENERIC'))\n"
        "print(made.start(), flush=True); time.sleep(60)"
    )
    supervising = subprocess.Popen([sys.executable, "-c", script, str(image)], stdout=subprocess.PIPE)
    try:
        assert supervising.stdout and supervising.stdout.readline()
        tasks = list(Path(f"/proc/{supervising.pid}/task").glob("*/children"))
        (interpreter,) = {pid for file in tasks for pid in file.read_text().split()}
    finally:
        supervising.send_signal(signal.SIGKILL)
        supervising.communicate()
    until_s = time.monotonic() + 5
    while Path(f"/proc/{interpreter}").exists() and time.monotonic() < until_s:
        time.sleep(0.01)
    assert not Path(f"/proc/{interpreter}").exists()
    with VirtualBoard(image, esp32):
        pass  # the image is free again


def test_interpreter_that_is_killed_is_a_crash(esp32: Board, tmp_path: Path) -> None:
    before = children()
    main = "import machine\nprint('cause', machine.reset_cause())"
    with running(image_with(tmp_path / "b.img", esp32, main=main), esp32) as (made, screen):
        screen.wait_for(rb"cause 1\r\n.*>>> $")
        (interpreter,) = children() - before
        os.kill(int(interpreter), signal.SIGSEGV)
        screen.wait_for(rb"cause 2\r\n.*>>> $")
        made.wait_for("exit", f"-{int(signal.SIGSEGV)}")
        made.wait_for("reset", "crash")


def test_output_without_a_reader_does_not_hold_the_board_up(esp32: Board, tmp_path: Path) -> None:
    main = "import machine\nfor i in range(1200): print('x' * 80)\nmachine.Pin(2, machine.Pin.OUT).on()"
    with VirtualBoard(image_with(tmp_path / "b.img", esp32, main=main), esp32) as made:
        made.wait_for("led", "2 1", deadline_s=20)
        assert mpremote(made.port, "eval", "1+1").stdout == "2\n"


def test_no_interpreter(esp32: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROPYTHON", str(tmp_path / "none"))
    with pytest.raises(MachineError, match="no MicroPython interpreter at .*none; install") as caught:
        VirtualBoard(tmp_path / "b.img", esp32).start()
    assert caught.value.exit_code == 1


def test_interpreter_that_is_none(esp32: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "fake"
    fake.write_text("#!/bin/sh\necho no such option >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("MICROPYTHON", str(fake))
    before, files = children(), open_files()
    with pytest.raises(MachineError, match="no such option"):
        VirtualBoard(tmp_path / "b.img", esp32, link=tmp_path / "tty").start()
    assert children() == before and open_files() == files and not (tmp_path / "tty").is_symlink()


def test_image_of_another_board(esp32: Board, pico: Board, tmp_path: Path) -> None:
    image = image_with(tmp_path / "b.img", pico)
    before = image.read_bytes()
    with pytest.raises(UsageError, match="868352 bytes, the file system of ESP32_GENERIC has 2097152"):
        VirtualBoard(image, esp32).start()
    assert image.read_bytes() == before


def test_image_in_use(esp32: Board, tmp_path: Path) -> None:
    image = image_with(tmp_path / "b.img", esp32)
    with VirtualBoard(image, esp32), pytest.raises(MachineError, match="in use by another virtual board"):
        VirtualBoard(image, esp32).start()


def test_link_that_cannot_be_made(esp32: Board, tmp_path: Path) -> None:
    files = open_files()
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(MachineError, match="cannot make the link"):
        VirtualBoard(tmp_path / "b.img", esp32, link=tmp_path / "taken").start()
    assert (tmp_path / "taken").read_text() == "a file" and open_files() == files


def test_own_id_stays_with_the_image(esp32: Board, pico: Board, tmp_path: Path) -> None:
    one, two = tmp_path / "1.img", tmp_path / "2.img"
    assert VirtualBoard(one, esp32).unique_id == VirtualBoard(one, esp32).unique_id
    assert VirtualBoard(one, esp32).unique_id != VirtualBoard(two, esp32).unique_id
    assert len(VirtualBoard(one, pico).unique_id) == 8
    with pytest.raises(UsageError, match="3 bytes, not 6"):
        VirtualBoard(one, esp32, unique_id=b"abc")


def test_interpreter_inherits_nothing(esp32: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "canary")
    before = children()
    with open(tmp_path / "held.txt", "w") as held:
        os.set_inheritable(held.fileno(), False)
        with VirtualBoard(image_with(tmp_path / "b.img", esp32), esp32):
            (interpreter,) = children() - before
            environment = Path(f"/proc/{interpreter}/environ").read_text()
            files = {os.path.realpath(file) for file in Path(f"/proc/{interpreter}/fd").iterdir()}
    assert "PATH=" in environment and "canary" not in environment and "HOME=" not in environment
    assert str(tmp_path / "b.img") in files and str(tmp_path / "held.txt") not in files


def test_interrupt_is_told_from_a_byte_without_proc(tmp_path: Path) -> None:
    """As on macOS: by the terminal's mode, which the line editor changes while it reads."""
    script = tmp_path / "busy.py"
    script.write_text(BUSY)
    with open(tmp_path / "image", "w+b") as image:
        process = BoardProcess(find_micropython(), ["-i", str(script)], image.fileno(), b"")
        no_such_pid = 2**30
        try:
            await_text(process.console, b"in\n")
            assert catches_interrupt(no_such_pid, process.console) and process.interrupt()
            await_text(process.console, b">>> ")
            assert not process.interrupt() and not catches_interrupt(no_such_pid, process.console)
        finally:
            process.end()


def await_text(console: int, text: bytes) -> None:
    shown, until_s = b"", time.monotonic() + 10
    while text not in shown:
        assert time.monotonic() < until_s, shown
        if select.select([console], [], [], 0.1)[0]:
            shown += os.read(console, 4096)
