"""The virtual board answers as the real firmware did, by the answers kept in tests/pico/fidelity.json."""

import re
from pathlib import Path

import pytest

from tests.pico import fidelity, rows, worlds

KEPT = fidelity.kept()
TESTS = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> worlds.Answers:
    return worlds.on_virtual_board(tmp_path_factory.mktemp("fidelity"))


@pytest.mark.parametrize("row", rows.ALIKE)
def test_as_the_board(answers: worlds.Answers, row: str) -> None:
    assert rows.agree(row, answers[row], KEPT["firmware"][row]), answers[row]


@pytest.mark.parametrize("row", rows.APART)
def test_apart_for_a_reason(answers: worlds.Answers, row: str) -> None:
    """Just as far apart as the page says: a difference that is gone takes its reason with it."""
    assert answers[row] == KEPT["virtual"][row] != KEPT["firmware"][row]


def test_every_probe_has_a_row(answers: worlds.Answers) -> None:
    assert set(answers) == {*rows.ALIKE, *rows.APART} == set(KEPT["firmware"])


def test_the_page_is_the_answers() -> None:
    page = fidelity.PAGE.read_text("utf-8")
    assert fidelity.render(page, KEPT) == page, "write it anew: python -m tests.pico.fidelity"


def test_the_bare_vm_answers_as_told(tmp_path: Path) -> None:
    answers = worlds.on_unix(tmp_path)
    # What the computer's own disk and heap have is not the VM's.
    rest = {"statvfs", "heap-words", "clock-at-power-on", "version"}
    assert [row for row in KEPT["unix"] if row not in rest and answers[row] != KEPT["unix"][row]] == []


def test_tests_that_the_page_names_exist() -> None:
    named = re.findall(r"`tests/([\w./]+)::(\w+)", fidelity.PAGE.read_text("utf-8"))
    assert named
    for file, name in named:
        assert f"def {name}(" in (TESTS / file).read_text("utf-8"), f"{file}::{name}"
