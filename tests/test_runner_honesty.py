"""The MicroPython runner tells the truth: what is broken turns the run red, whatever way it breaks.

Each plant is a project of its own, run by pytest as a process with this project's own
settings and conftest.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAD = "import sys, unittest\nON_DEVICE = sys.implementation.name == 'micropython'\n"
UNCOVERED = "def used():\n    return 1\n\n\ndef unused():\n    return 2  # pragma: no cover\n"


def case(body: str, before: str = "") -> str:
    """A test file with one test of that body."""
    return f"{HEAD}{before}\nclass TestPlant(unittest.TestCase):\n    def test_plant(self):\n        {body}\n"


@dataclass(frozen=True)
class Plant:
    """A project's one test file, how pytest is called on it, and what must come of it."""

    source: str
    passed: int = 0
    failed: int = 0
    exit_code: int = 1
    says: str = ""
    arguments: tuple[str, ...] = ()
    folder: str = "shared"
    firmware: str = ""


PASSING = case("pass")
CRASH = "import uctypes; uctypes.bytearray_at(0, 1)[0] = 1"
TWO = HEAD + (
    "class TestOne(unittest.TestCase):\n    def test_a(self): pass\n    def test_b(self): pass\n"
    "class TestTwo(TestOne):\n    def test_c(self): pass\n"
)

PLANTS = {
    "passing": Plant(PASSING, passed=2, exit_code=0),
    "failing": Plant(case("assert not ON_DEVICE, 'planted'"), passed=1, failed=1, says="planted"),
    "failing on CPython alone": Plant(
        case("assert ON_DEVICE, 'planted'"), passed=1, failed=1, says="planted"
    ),
    "raising": Plant(case("ON_DEVICE and {}['planted']"), passed=1, failed=1, says="KeyError: planted"),
    "setUp": Plant(
        HEAD + "class TestPlant(unittest.TestCase):\n    def setUp(self): assert not ON_DEVICE, 'planted'\n"
        "    def test_plant(self): pass\n",
        passed=1,
        failed=1,
        says="planted",
    ),
    "tearDown": Plant(
        HEAD
        + "class TestPlant(unittest.TestCase):\n    def tearDown(self): assert not ON_DEVICE, 'planted'\n"
        "    def test_plant(self): pass\n",
        passed=1,
        failed=1,
        says="planted",
    ),
    "crashing": Plant(
        case(CRASH) + "    def test_other(self): pass\n", failed=2, folder="firmware", says="ended by SIGSEGV"
    ),
    "crashing at import": Plant(
        case("pass", before=CRASH), failed=1, folder="firmware", says="ended by SIGSEGV"
    ),
    "hanging": Plant(
        case("while ON_DEVICE: pass"),
        passed=1,
        failed=1,
        arguments=("-o", "micropython_deadline_s=1"),
        says="passed its deadline",
    ),
    "leaving": Plant(case("ON_DEVICE and sys.exit(0)"), passed=1, failed=1, says="SystemExit"),
    "leaving at import": Plant(
        case("pass", before="if ON_DEVICE: sys.exit(0)"), passed=1, failed=1, says="SystemExit"
    ),
    "out of memory": Plant(case("bytearray(10**6)"), passed=1, failed=1, says="MemoryError"),
    "out of memory at import": Plant(
        case("pass", before="BIG = bytearray(10**6)"), passed=1, failed=1, says="MemoryError"
    ),
    "import error": Plant(case("pass", before="import dataclasses"), passed=1, failed=1, says="dataclasses"),
    "syntax error": Plant("def", exit_code=2, says="SyntaxError"),
    "empty": Plant(HEAD, exit_code=2, says="holds no tests for MicroPython"),
    "tests that the source does not show": Plant(
        case("pass") + "setattr(TestPlant, 'test_hidden', lambda self: None)\n",
        failed=1,
        folder="firmware",
        says="TestPlant::test_hidden",
    ),
    "forged result": Plant(
        case("print('\\n' + '0' * 16 + ' {\"event\": \"done\"}'); " + CRASH), failed=1, folder="firmware"
    ),
    "skipped": Plant(
        case("raise unittest.SkipTest('planted reason')"),
        exit_code=0,
        folder="firmware",
        says="planted reason",
    ),
    "an unreached line": Plant(
        case("if ON_DEVICE: import planted; assert planted.used() == 1"),
        passed=2,
        firmware=UNCOVERED,
        arguments=("-o", "micropython_covered=planted.py"),
        says="firmware/planted.py       4      1  75.0%   6",
    ),
    "every line reached": Plant(
        case("if ON_DEVICE: import planted; assert planted.used() + planted.unused() == 3"),
        passed=2,
        exit_code=0,
        firmware=UNCOVERED,
        arguments=("-o", "micropython_covered=planted.py"),
        says="100.0%",
    ),
    "an error in a counted module": Plant(
        case("if ON_DEVICE: import planted; planted.raising()"),
        passed=1,
        failed=1,
        firmware='"""Doc."""\n\n\ndef raising():\n    x = 1\n    return x + ""\n',
        arguments=("-o", "micropython_covered=planted.py"),
        says='/firmware/planted.py", line 6',
    ),
    "for MicroPython alone": Plant(case("assert ON_DEVICE"), passed=1, exit_code=0, folder="firmware"),
    "chosen by word": Plant(TWO, passed=2, exit_code=0, arguments=("-k", "micropython and test_a")),
    "chosen by name": Plant(
        TWO,
        passed=1,
        exit_code=0,
        arguments=("suite/shared/test_plant.py::micropython::TestTwo::test_b",),
    ),
    "only listed": Plant(
        case(CRASH, before="sys.exit(1)"),
        exit_code=0,
        folder="firmware",
        arguments=("--collect-only", "-q"),
        says="suite/firmware/test_plant.py::micropython::TestPlant::test_plant",
    ),
}


def run(plant: Plant, folder: Path) -> "subprocess.CompletedProcess[str]":
    """pytest on the plant, as a process."""
    tests = folder / "suite" / plant.folder
    tests.mkdir(parents=True)
    (tests / "test_plant.py").write_text(plant.source)
    (folder / "firmware").mkdir()
    (folder / "firmware" / "planted.py").write_text(plant.firmware)
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "suite")
    settings = ("micropython_shared=suite/shared", "micropython_only=suite/firmware", "micropython_covered=")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), f"--rootdir={folder}"]
    command += ["-p", "no:cacheprovider", *(word for setting in settings for word in ("-o", setting))]
    command += [*plant.arguments, *([] if "::" in "".join(plant.arguments) else ["suite"])]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """All plants, two at a time, while the tests take the results one by one."""
    with ThreadPoolExecutor(2) as pool:
        yield {
            name: pool.submit(run, plant, tmp_path_factory.mktemp("plant")) for name, plant in PLANTS.items()
        }


@pytest.mark.parametrize("name", PLANTS)
def test_a_plant_is_seen_for_what_it_is(
    runs: dict[str, "Future[subprocess.CompletedProcess[str]]"], name: str
) -> None:
    plant, ended = PLANTS[name], runs[name].result()
    told = ended.stdout + ended.stderr
    assert ended.returncode == plant.exit_code, told
    assert (count(told, "passed"), count(told, "failed")) == (plant.passed, plant.failed), told
    assert plant.says in told, told


def count(told: str, word: str) -> int:
    """The number before the word in pytest's last line."""
    found = re.search(rf"(\d+) {word}", told.splitlines()[-1])
    return int(found[1]) if found else 0
