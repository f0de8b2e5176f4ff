"""`make size`: the figures are those of the file, a planted growth is named, and budgets only go down."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.size import budgets, code, table
from host_tools import paths

ROOT = Path(__file__).resolve().parents[2]


def size(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.size", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, cwd=ROOT)


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    """A copy of the sources."""
    return Path(shutil.copytree(paths.FIRMWARE, tmp_path / "firmware"))


def test_the_sources_keep_the_budgets_of_code() -> None:
    ended = size("code", "--json")
    assert ended.returncode == 0, ended.stderr
    figures = json.loads(ended.stdout)
    assert set(figures) == {"module", "set"}
    known = budgets.load()
    assert set(figures["set"]) == set(known["set"]) == set(code.SETS)
    assert set(figures["module"]) == set(known["module"])


def test_a_planted_kilobyte_is_named_with_its_size(firmware: Path) -> None:
    stream = firmware / "devcred" / "stream.py"
    text = stream.read_text()
    before = '        """Reach (host, port); the TLS handshake follows with the first write."""\n'
    assert before in text
    # Code that does something: what does nothing would fall out.
    planted = "".join(f"        self._limit = min(self._timeout_ms, {1000 + n})\n" for n in range(70))
    stream.write_text(text.replace(before, before + planted))
    ended = size("--firmware", str(firmware))
    assert ended.returncode == 1
    red = [line for line in ended.stderr.splitlines() if line.startswith("devcred: size: ")]
    # Anything else that grew with it would be a row of its own: the module, and every set has it.
    assert [line.split(":")[2].strip() for line in red] == [
        "module, stream.py",
        *(f"set, {name}" for name in code.SETS),
    ]
    for line in red:
        above = int(line.split(" above")[0].rpartition(" ")[2].replace(",", ""))
        assert above >= 900, line


@pytest.mark.parametrize("file", [table.README, table.MANUAL])
def test_the_documents_show_the_sets_as_they_are(file: Path) -> None:
    shown = table.shown(file)
    assert {"connect", "whole"} <= set(shown)
    assert shown == {name: value for name, value in code.sets().items() if name in shown}


def test_budgets_are_lowered_and_never_raised(tmp_path: Path) -> None:
    file = tmp_path / "size.toml"
    file.write_text("# Why.\n\n[set]\na = 100\nb = 100\n")
    budgets.lower({"set": {"a": 90, "b": 110, "c": 5}}, file)
    assert budgets.load(file) == {"set": {"a": 90, "b": 100, "c": 5}}
    assert file.read_text().startswith("# Why.\n")


def test_no_budget_is_higher_than_it_was_at_the_last_commit() -> None:
    """Where there is a history to look at; a budget may be dropped with what it was for."""
    told = subprocess.run(
        ["git", "show", "HEAD:benchmarks/size.toml"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if told.returncode:
        pytest.skip("no earlier version of the file in this checkout's history")
    import tomllib

    assert budgets.raised(budgets.load(), tomllib.loads(told.stdout)) == []


def test_what_passes_a_budget_is_told_in_one_line() -> None:
    over = budgets.passed({"set": {"a": 1100, "b": 5}}, {"set": {"a": 1000, "b": 5}})
    assert [str(each) for each in over] == ["set, a: 1,100, 100 above the budget of 1,000"]
