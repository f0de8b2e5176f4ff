"""`devcred twin reset`: it asks, tells, removes its own files, and nothing while a twin runs."""

import json
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import FREE, Run, Start, one_line


@pytest.fixture
def kept(start: Start, tmp_path: Path) -> str:
    """A folder with the state of a twin that ran, and a file that is not the twin's; the instance's ID."""
    with start(*FREE, "--state", "kept", "--json") as process:
        facts = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    (tmp_path / "kept" / "notes.txt").write_text("mine")
    return str(facts["instance_id"])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_goes_and_what_stays(run: Run, start: Start, tmp_path: Path, kept: str) -> None:
    before = names(tmp_path / "kept")
    done = run("twin", "reset", "--state", "kept", "--yes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted([*json.loads(done.stdout)["removed"], "notes.txt"]) == before
    assert names(tmp_path / "kept") == ["notes.txt"]
    with start(*FREE, "--state", "kept", "--json") as process:
        assert json.loads(process.stdout.readline())["instance_id"] != kept


@pytest.mark.parametrize(("answer", "said"), [("n\n", "not confirmed"), ("", "no answer")])
def test_it_asks(run: Run, tmp_path: Path, kept: str, answer: str, said: str) -> None:
    before = names(tmp_path / "kept")
    done = run("twin", "reset", "--state", "kept", stdin=answer)
    assert done.returncode == 1
    assert said in done.stderr and "nothing was changed" in done.stderr
    assert "twin.sqlite3" in done.stderr, "it says what would go"
    assert names(tmp_path / "kept") == before
    assert run("twin", "reset", "--state", "kept", stdin="y\n").returncode == 0
    assert names(tmp_path / "kept") == ["notes.txt"]


def test_a_dry_run_only_tells(run: Run, tmp_path: Path, kept: str) -> None:
    before = names(tmp_path / "kept")
    told = json.loads(run("twin", "reset", "--state", "kept", "--dry-run", "--json").stdout)
    assert told["removed"] == []
    assert sorted([*told["would_remove"], "notes.txt"]) == before
    assert names(tmp_path / "kept") == before


@pytest.mark.parametrize("option", ["--yes", "--dry-run"])
def test_not_while_a_twin_uses_it(run: Run, start: Start, tmp_path: Path, option: str) -> None:
    with start(*FREE, "--state", "kept", "--json") as process:
        instance_id = json.loads(process.stdout.readline())["instance_id"]
        assert "is in use; stop the twin first" in one_line(
            run("twin", "reset", "--state", "kept", option), 1
        )
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with start(*FREE, "--state", "kept", "--json") as process:
        assert json.loads(process.stdout.readline())["instance_id"] == instance_id


def test_it_is_the_way_out_of_a_state_that_is_broken(run: Run, tmp_path: Path, kept: str) -> None:
    (tmp_path / "kept" / "twin.sqlite3").write_bytes(b"no database at all" * 99)
    line = one_line(run("twin", *FREE, "--state", "kept"), 1)
    assert "is not a twin's state" in line
    assert run("twin", "reset", "--state", "kept", "--yes").returncode == 0
    assert names(tmp_path / "kept") == ["notes.txt"]


@pytest.mark.parametrize("folder", [".", "absent"])
def test_a_folder_with_no_state_in_it(run: Run, tmp_path: Path, folder: str) -> None:
    (tmp_path / "ca.der").write_text("somebody's own")
    assert "there is no twin's state" in one_line(run("twin", "reset", "--state", folder, "--yes"), 2)
    assert names(tmp_path) == ["ca.der"]
