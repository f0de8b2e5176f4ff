"""The manual says what the code does, and its examples run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.twin import manual
from host_tools.twin.behaviours import FIXED, of_settings
from host_tools.twin.faults.vocabulary import PLACES
from host_tools.twin.settings import Settings
from host_tools.twin.trace import Info

PAGE = manual.PAGE.read_text("utf-8")
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: str) -> list[str]:
    return _BLOCK.findall(page)


def run_in(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def test_the_page_is_as_the_code_has_it() -> None:
    assert manual.render(PAGE) == PAGE, "write it anew: python -m host_tools.twin.manual"


def test_every_part_has_its_place_once() -> None:
    assert sorted(re.findall(r"<!-- from the code: (.*) -->", PAGE)) == sorted(manual.PARTS)
    assert PAGE.count("<!-- end -->") == len(manual.PARTS)


def test_a_page_that_drifted_is_put_right() -> None:
    drifted = PAGE.replace("| `refresh` | **`new-pair`**", "| `refresh` | **`both`**")
    assert drifted != PAGE
    assert manual.render(drifted) == PAGE


def test_a_part_that_is_none() -> None:
    with pytest.raises(KeyError, match="colours"):
        manual.render("<!-- from the code: colours -->\n<!-- end -->")


def test_every_behaviour_and_word_is_on_the_page() -> None:
    for behaviour in of_settings(Settings):
        assert f"| `{behaviour.setting}` |" in PAGE
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    for tag in ("documented", "observed", "assumed"):
        told = sum(f"| {tag} |" in row for row in rows)
        assert told == sum(each.tag == tag for each in (*of_settings(Settings), *FIXED))
    assert all(f"- `{info}`" in PAGE for info in Info)


def test_every_action_of_a_fault_is_explained() -> None:
    table = PAGE.partition("| `what` | does |")[2].partition("\n\n")[0]
    explained = set(re.findall(r"`([a-z-]+)`", table))
    assert {what for place in PLACES.values() for what in place.actions} <= explained


def test_the_manuals_examples_run_as_written(tmp_path: Path) -> None:
    tests: list[str] = []
    programs: list[str] = []
    for number, block in enumerate(blocks(PAGE)):
        name = f"test_{number}.py"
        (tmp_path / name).write_text(block)
        (tests if "def test_" in block else programs).append(name)
    assert tests and len(programs) >= 4
    told = run_in(tmp_path, "-m", "pytest", "-q", "-p", "host_tools.twin.pytest_plugin", *tests)
    assert f"{len(tests)} passed" in told
    # One process for all: most of the time of each would go into its imports.
    run_in(tmp_path, "-c", f"import runpy\nfor name in {programs}: runpy.run_path(name, run_name='__main__')")
