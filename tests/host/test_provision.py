"""Provisioning a virtual board: what differs is written, read back, and the secrets come last."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcred import records
from devcred.credential import Credential
from host_tools.bench.provision import provision
from host_tools.boards.bundle import agent_files
from host_tools.boards.definition import load_board
from host_tools.boards.image import read_image
from host_tools.boards.transport import BoardLink, open_board
from host_tools.errors import BoardError
from host_tools.vboard import VirtualBoard

SECRET = "canary-secret-7f3a"
CREDENTIAL = Credential("GID_Test@@@0001", "mqtt-xxxxx", "YYYYY", secret=SECRET)


def _record(kind: int, payload: bytes) -> bytes:
    return records.pack(kind, 1, payload)


FILES = {
    "/credential.a": _record(records.CREDENTIAL, CREDENTIAL.payload()),
    "/wifi.a": _record(records.WIFI, b'[["bench", "canary-password"]]'),
    "/devcred.json": b'{"client_id": "GID_Test@@@0001", "host": "h"}',
    "/ca.der": random.Random(2).randbytes(700),
    "/boot.py": b"",
    "/lib/devcred/topics.mpy": random.Random(3).randbytes(1500),
}


@pytest.fixture
def board(tmp_path: Path) -> Iterator[VirtualBoard]:
    with VirtualBoard(tmp_path / "board.img", load_board("RPI_PICO_W")) as running:
        yield running


@pytest.fixture
def link(board: VirtualBoard) -> Iterator[BoardLink]:
    with open_board(board.port) as opened:
        yield opened


def _on_flash(board: VirtualBoard) -> dict[str, bytes]:
    board.stop()
    return read_image(board.board, board.image.read_bytes())


def test_an_empty_board_gets_every_file_secrets_last(board: VirtualBoard, link: BoardLink) -> None:
    steps = []
    report = provision(link, FILES, lambda what, path: steps.append((what, path)), board=board.board)
    order = ["/boot.py", "/lib/devcred/topics.mpy", "/ca.der", "/devcred.json", "/credential.a", "/wifi.a"]
    assert steps == [("write", path) for path in order]
    assert report.written == report.verified == order
    assert (report.unchanged, report.removed) == ([], [])
    assert _on_flash(board) == FILES


def test_a_second_time_nothing_is_written(board: VirtualBoard, link: BoardLink) -> None:
    provision(link, FILES)
    before = board.image.read_bytes()
    steps = []
    report = provision(link, FILES, lambda what, path: steps.append(what))
    assert set(steps) == {"keep"}
    assert (report.written, sorted(report.unchanged)) == ([], sorted(FILES))
    assert board.image.read_bytes() == before, "flash is as it was"


def test_only_what_differs_is_written(board: VirtualBoard, link: BoardLink) -> None:
    provision(link, FILES)
    report = provision(link, FILES | {"/ca.der": b"another"})
    assert report.written == ["/ca.der"]
    assert _on_flash(board)["/ca.der"] == b"another"


def test_what_would_be_taken_in_a_files_place_is_removed(board: VirtualBoard, link: BoardLink) -> None:
    link.makedirs("/lib/devcred")
    for rival in ("/lib/devcred/topics.py", "/credential.b", "/wifi.b"):
        link.write_file(rival, b"stale")
    link.write_file("/lib/devcred/other.py", b"stays")
    report = provision(link, FILES)
    assert report.removed == ["/lib/devcred/topics.py", "/credential.b", "/wifi.b"]
    assert _on_flash(board) == FILES | {"/lib/devcred/other.py": b"stays"}


def test_another_chip_is_refused_and_nothing_written(board: VirtualBoard, link: BoardLink) -> None:
    before = board.image.read_bytes()
    with pytest.raises(
        BoardError, match="this is a Raspberry Pi Pico W with RP2040, not a ESP32 / WROOM module; "
    ):
        provision(link, FILES, board=load_board("ESP32_GENERIC"))
    assert board.image.read_bytes() == before


class _WornLink(BoardLink):
    """A board whose flash keeps one file wrongly; all else is the real thing."""

    worn = "/devcred.json"

    def write_file(self, path: str, content: bytes) -> None:
        super().write_file(path, content[:-1] + b"?" if path == self.worn else content)


def test_a_file_that_reads_back_differently_is_named_and_no_secret_follows(board: VirtualBoard) -> None:
    link = _WornLink(board.port)
    try:
        with pytest.raises(
            BoardError, match="^/devcred.json: reads back differently from what was written; "
        ):
            provision(link, FILES)
    finally:
        link.close()
    assert not {"/credential.a", "/wifi.a"} & set(_on_flash(board))


def test_the_whole_agent_goes_onto_a_board_and_imports_there(board: VirtualBoard, link: BoardLink) -> None:
    report = provision(link, agent_files(board.board) | FILES)
    assert "/lib/umqtt/simple.mpy" in report.verified
    assert link.exec("from devcred import agent\nprint(agent.main)").startswith("<function main")
    provision(link, agent_files(board.board, readable=True))
    link.exec("import umqtt.simple\nfrom devcred import signing")
    assert (
        link.exec("print(signing.password('GID_Test@@@0001', 'XXXXX'))") == "vI009IZJZVGRwBwZvnbwjfuXxVM=\n"
    )


def test_no_secret_lies_in_a_file_of_this_computer_or_on_its_command_lines(
    link: BoardLink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    seen: list[bytes] = []

    def look(what: str, path: str) -> None:
        seen.extend(_bytes(file) for file in Path("/proc").glob("[0-9]*/cmdline"))
        seen.extend(_bytes(file) for file in folder.iterdir())

    provision(link, FILES, look)
    assert not any(SECRET.encode() in data for data in seen)
    assert list(folder.iterdir()) == []


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""  # that process has ended
