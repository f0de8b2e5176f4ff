"""The way to a board over mpremote: what works on the wire, and each trouble told apart."""

import fcntl
import hashlib
import os
import pty
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.boards import port as ports
from host_tools.boards.definition import load_board
from host_tools.boards.image import build_image, write_image
from host_tools.boards.transport import BoardLink, open_board
from host_tools.errors import BoardError
from host_tools.vboard import VirtualBoard

PATIENCE_S = 0.5
MAIN = b"""import sys
print("main runs")
sys.stdout.buffer.write(b"caf\\xc3\\xa9 \\xff!\\r\\n")
while True:
    pass
"""


def _board(folder: Path, files: dict[str, bytes], port: Path | None = None) -> VirtualBoard:
    """A Pico W that has these files; not started."""
    board = load_board("RPI_PICO_W")
    image = folder / "board.img"
    write_image(image, build_image(board, files))
    return VirtualBoard(image, board, link=port, unique_id=bytes.fromhex("e6614c311b7e6f35"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBoard]:
    with _board(tmp_path_factory.mktemp("board"), {"/main.py": MAIN}) as board:
        yield board


@pytest.fixture
def link(running: VirtualBoard) -> Iterator[BoardLink]:
    with open_board(running.port) as opened:
        yield opened


@pytest.fixture
def silent() -> Iterator[tuple[int, str]]:
    """Both ends of a pseudo-terminal where nobody answers."""
    near, far = pty.openpty()
    yield near, os.ttyname(far)
    os.close(near)
    os.close(far)


def test_the_board_says_what_it_is(link: BoardLink) -> None:
    found = link.probe()
    assert found["machine"] == "Raspberry Pi Pico W with RP2040"
    assert found["unique_id"] == "e6614c311b7e6f35"
    assert found["epoch"] == 1970
    assert found["version"].count(".") == 2
    assert 0 < found["free_bytes"] < 868352


def test_code_runs_and_its_output_comes_back(link: BoardLink) -> None:
    assert link.exec("print('caf\u00e9')") == "caf\u00e9\n"
    assert link.exec("x = 3") == ""
    assert link.exec("print(x)") == "3\n"


def test_a_file_of_any_bytes_comes_back_as_it_went(link: BoardLink) -> None:
    content = random.Random(4).randbytes(3001) + b"\x04\x01\r\n'\"\\"
    path = "/it's a file.bin"
    link.write_file(path, content)
    assert link.read_file(path) == content
    assert link.sha256(path) == hashlib.sha256(content).hexdigest()
    link.write_file(path, b"")
    assert link.read_file(path) == b""
    link.remove(path)


def test_folders_are_made_listed_and_files_removed(link: BoardLink) -> None:
    link.makedirs("/a/b/c")
    link.makedirs("/a/b/c")
    link.makedirs("/")
    link.write_file("/a/one", b"1")
    assert link.list("/a") == ["b/", "one"]
    assert link.exists("/a/one")
    assert link.exists("/a/b")
    link.remove("/a/one")
    link.remove("/a/one")
    assert not link.exists("/a/one")


def test_what_is_not_there_is_none_of_it(link: BoardLink) -> None:
    assert link.sha256("/none") is None
    assert link.list("/none") == []


def test_files_that_cannot_be_are_refused_by_name(link: BoardLink) -> None:
    with pytest.raises(BoardError, match="^/none: no such file or folder on the board"):
        link.read_file("/none")
    with pytest.raises(BoardError, match="^/none/file: no such file or folder on the board"):
        link.write_file("/none/file", b"canary")
    link.makedirs("/folder")
    with pytest.raises(BoardError, match="^/folder: the board's file system says EISDIR"):
        link.write_file("/folder", b"canary")


def test_a_full_file_system_is_told(link: BoardLink) -> None:
    link.exec("import os\nblocks = os.statvfs('/')[3] - 3")
    link.exec("with open('/fill', 'wb') as f:\n for _ in range(blocks): f.write(bytes(4096))")
    with pytest.raises(BoardError, match="^/more: the board's file system is full; remove files"):
        link.write_file("/more", b"canary" * 7000)
    link.remove("/fill")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("raise ValueError('canary')", "the board stopped with ValueError;"),
        ("raise ValueError('1\\ncanary')", "the board stopped with ValueError;"),
        ("raise OSError(19, 'canary')", "the board stopped with OSError 19;"),
        ("import os\nos.stat('/canary')", "the board stopped with OSError 2;"),
        ("print('canary')\ncanary(", "the board stopped with SyntaxError;"),
        ("class CanaryError(Exception): pass\nraise CanaryError", "the board stopped with CanaryError;"),
        ("bytearray(1 << 40)", "the board stopped with MemoryError;"),
    ],
)
def test_an_exception_on_the_board_is_named_without_its_data(link: BoardLink, code: str, says: str) -> None:
    with pytest.raises(BoardError) as caught:
        link.exec(code)
    assert str(caught.value).startswith(f"{link.port}: {says}")
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert link.exec("print(1)") == "1\n", "the link goes on"


def test_code_that_does_not_end_is_given_up_and_the_board_interrupted(link: BoardLink) -> None:
    with pytest.raises(BoardError, match="the board does not answer"):
        link.exec("while True: pass", timeout_s=0.3)
    assert link.exec("print(1)") == "1\n"


def test_a_program_that_runs_is_interrupted(running: VirtualBoard) -> None:
    with open_board(running.port) as link:
        link.reset()
        assert "main runs" in link.console(10)
        assert link.exec("print(1)") == "1\n"


def test_a_board_is_reached_at_any_moment_of_its_start(running: VirtualBoard) -> None:
    for delay_ms in range(8):
        running.power_cycle()
        time.sleep(delay_ms / 1000)
        with open_board(running.port) as link:
            assert link.exec(f"print({delay_ms})") == f"{delay_ms}\n"


def test_the_console_is_read_as_text_after_a_reset(link: BoardLink) -> None:
    link.exec("x = 1")
    link.reset()
    lines = link.console(10)
    assert "main runs" in lines
    assert next(lines) == "caf\u00e9 \ufffd!"
    with pytest.raises(BoardError, match="NameError"):
        link.exec("print(x)")


def test_the_console_ends_at_its_deadline(link: BoardLink) -> None:
    link.exec("x = 1")
    assert list(link.console(0.3)) == []


def test_a_reset_is_a_reset(running: VirtualBoard, link: BoardLink) -> None:
    seen = len(running.events)
    link.reset()
    running.wait_for("reset", after=seen)


def test_nothing_the_board_sends_reaches_stdout(link: BoardLink, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BoardError):
        link.exec("print('canary')\nwhile True: pass", timeout_s=0.2)
    with pytest.raises(BoardError):
        link.exec("print('canary')\n1/0")
    assert capfd.readouterr() == ("", "")


def test_closing_twice_is_nothing(running: VirtualBoard) -> None:
    with open_board(running.port) as link:
        link.exec("x = 1")
        link.close()


def test_a_port_is_free_again_after_an_error(running: VirtualBoard) -> None:
    with pytest.raises(ZeroDivisionError), open_board(running.port):
        raise ZeroDivisionError
    with open_board(running.port) as link:
        assert link.exec("print(2)") == "2\n"


def test_a_link_to_a_port_will_do(running: VirtualBoard, tmp_path: Path) -> None:
    (tmp_path / "board").symlink_to(running.port)
    with open_board(str(tmp_path / "board")) as link:
        assert link.exec("print(3)") == "3\n"


def _refusal(port: str) -> str:
    with pytest.raises(BoardError) as caught, open_board(port):
        pass
    return str(caught.value)


def test_a_port_in_use_is_told(link: BoardLink) -> None:
    assert _refusal(link.port).startswith(f"{link.port}: is in use by another program; close that program")


def test_a_port_whose_last_user_is_leaving_is_waited_for(running: VirtualBoard) -> None:
    with open_board(running.port):
        leaving = os.open(running.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(leaving, fcntl.LOCK_EX)
    threading.Timer(0.15, os.close, [leaving]).start()
    with open_board(running.port) as link:
        assert link.exec("print(4)") == "4\n"


def test_a_port_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert ": no such port; check the cable; ports here: " in _refusal(f"{tmp_path}/ttyNone")


def test_a_file_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert ": is not a serial port; name the board's port" in _refusal(f"{tmp_path}/file")


def test_a_port_without_permission_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may open everything, so the system's answer is planted here.
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert str(ports.trouble("/dev/ttyS9")).startswith("/dev/ttyS9: no permission; join the group")


def test_a_board_that_does_not_answer_is_told(silent: tuple[int, str]) -> None:
    _, port = silent
    with (
        open_board(port, PATIENCE_S) as link,
        pytest.raises(BoardError, match="the board does not answer; press its reset button"),
    ):
        link.probe()


def test_a_board_that_talks_nonsense_is_told(
    silent: tuple[int, str], capfd: pytest.CaptureFixture[str]
) -> None:
    near, port = silent
    stop = threading.Event()

    def talk() -> None:
        while not stop.wait(0.01):
            os.write(near, b"canary\xff\x00> ")

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        with open_board(port, PATIENCE_S) as link, pytest.raises(BoardError, match="does not answer"):
            link.probe()
    finally:
        stop.set()
        talker.join()
    assert capfd.readouterr() == ("", "")


def test_a_cable_that_is_pulled_is_told(tmp_path: Path) -> None:
    # By a name of its own: the number of a pseudo-terminal may be another's a moment later.
    board = _board(tmp_path, {}, tmp_path / "port")
    with board, open_board(str(tmp_path / "port"), PATIENCE_S) as link:
        link.exec("x = 1")
        board.stop()
        with pytest.raises(BoardError, match="the connection was lost; check the cable"):
            link.exec("x = 2")
        with pytest.raises(BoardError, match="no such port"):
            list(link.console(PATIENCE_S))
