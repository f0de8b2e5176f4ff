"""docs/add-a-board.md, as it stands: a board the project does not know, by one folder and nothing else."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import reading

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "add-a-board.md"
BOARD = "ACME_GATEWAY"


class Reader:
    """Somebody who does what the page says, in a folder of their own that looks like the project's root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".venv").symlink_to(sys.prefix)
        (self.make, self.look, self.run, self.talk, self.demo) = reading.blocks(PAGE.read_text(), "sh")
        (self.definition,) = reading.blocks(PAGE.read_text(), "json")
        self.env = dict(os.environ)

    def begin(self) -> None:
        """The folder and what it exports, and the file."""
        said = self.sh(self.make + 'printf %s "$DEVCRED_BOARDS"')
        self.env["DEVCRED_BOARDS"] = said.stdout
        (self.folder / "my-boards" / BOARD / "board.json").write_text(self.definition)

    def sh(self, script: str) -> "subprocess.CompletedProcess[str]":
        return reading.sh(script, self.folder, self.env)

    @contextmanager
    def running(self, script: str) -> Iterator[None]:
        """What runs until it is stopped."""
        process = subprocess.Popen(
            ["bash", "-e", "-c", "exec " + script],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            end_s = time.monotonic() + 20
            while not (self.folder / "gateway").is_symlink():
                assert process.poll() is None and time.monotonic() < end_s, process.communicate()[0]
                time.sleep(0.05)
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_the_page_does_what_it_says(reader: Reader) -> None:
    before = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=False)
    assert BOARD not in reader.sh(".venv/bin/devcred boards").stdout
    reader.begin()
    looked = reader.sh(reader.look)
    assert looked.returncode == 0, looked.stderr
    assert "ACME gateway, esp32s2, file system 2048 KiB" in looked.stdout
    assert "RPI_PICO_W" in looked.stdout, "the project's own boards stay"
    with reader.running(reader.run):
        talked = reader.sh(reader.talk)
        assert talked.stdout.strip().endswith("ACME gateway with ESP32S2"), talked
    told = reader.sh(reader.demo)
    assert told.returncode == 0, told.stderr
    assert f"{BOARD}: ACME gateway" in told.stdout
    for element in ("CA and host name verified", "acknowledged", "answered", "refused", "the board is off"):
        assert element in told.stdout
    after = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=False)
    assert after.stdout == before.stdout, "nothing else in the project changes"


def test_a_mistake_in_it_is_one_line(reader: Reader) -> None:
    reader.begin()
    file = reader.folder / "my-boards" / BOARD / "board.json"
    file.write_text(reader.definition.replace('"order": "RGB"', '"order": "RGBW"'))
    refused = reader.sh(f".venv/bin/devcred image build --board {BOARD} --out other.img")
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"devcred: {BOARD}/board.json: led.order: must be one of GRB, RGB, ")
    assert refused.stderr.count("\n") == 1
    assert not (reader.folder / "other.img").exists()


def test_a_folder_that_is_not_there_is_named(reader: Reader) -> None:
    reader.env["DEVCRED_BOARDS"] = "no-such-folder"
    refused = reader.sh(".venv/bin/devcred boards")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "DEVCRED_BOARDS: no-such-folder is no folder" in refused.stderr
