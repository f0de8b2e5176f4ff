"""`devcred vboard` as a process: a port to talk to, events on stderr, nothing left at its end."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from host_tools.boards.transport import open_board
from tests.cli.conftest import COMMAND, Run, clean_environment, one_line

VBOARD = (COMMAND, "vboard", "--image", "board.img", "--board", "RPI_PICO_W")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_board_to_talk_to(run: Run, home: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    run("image", "build", "--board", "RPI_PICO_W", "--out", "board.img", "--empty")
    process = subprocess.Popen(
        [*VBOARD, "--link", "port", "--press", "0:1", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(home),
        cwd=tmp_path,
        text=True,
    )
    try:
        assert process.stdout
        facts = json.loads(process.stdout.readline())
        assert os.path.realpath(tmp_path / "port") == facts["port"]
        assert (facts["board"], facts["pid"]) == ("RPI_PICO_W", process.pid)
        with open_board(facts["port"]) as link:
            assert "RP2040" in link.probe()["machine"]
            link.write_file("/note.txt", b"kept")
        process.send_signal(number)
        out, talk = process.communicate(timeout=10)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, out) == (code, "")
    assert "board power-on" in talk
    pressed, released = talk.find("board pin BOOTSEL 1"), talk.find("board pin BOOTSEL 0")
    assert 0 < pressed < released
    assert "Traceback" not in talk
    assert sorted(path.name for path in tmp_path.iterdir()) == ["board.img"]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--image", "not-there.img"), "devcred image build"),
        (("--image", "."), "devcred image build"),
        (("--image", "there.img", "--board", "NOPE"), "known boards"),
        (("--image", "there.img", "--press", "soon"), "--press"),
        (("--image", "there.img", "--press", "5:-1"), "--press"),
        (("--image", "there.img", "--resolve", "name=127.0.0.1:1"), "--resolve"),
        (("--image", "there.img", "--resolve", "name:1=127.0.0.1"), "--resolve"),
        (("--image", "there.img", "--resolve", "name:1=127.0.0.1:99999"), "--resolve"),
    ],
)
def test_bad_input(run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "there.img").write_text("")
    assert said in one_line(run("vboard", *arguments, "--json"), 2)
    assert [path.name for path in tmp_path.iterdir()] == ["there.img"]
