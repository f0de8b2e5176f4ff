"""pytest collects unittest files for MicroPython, and shows a result for each of their tests.

Files in `micropython_shared` are collected twice, by pytest as ever and here; those in
`micropython_only` here alone. A test reads `<file>::micropython::<class>::<test>`. One
process runs what is selected of a file, when the first of its tests is due.
"""

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.mpy import libraries, measurement, vm
from tests.mpy.names import tests_of
from tests.mpy.outcomes import Outcome, judge

_FOLDERS = pytest.StashKey[dict[str, Path]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings, in pytest's own table of pyproject.toml; folders are relative to the root."""
    parser.addini("micropython_firmware", "folder of the modules under test", default="firmware")
    parser.addini("micropython_shared", "folder of tests for both interpreters", default="tests/shared")
    parser.addini("micropython_only", "folder of tests for MicroPython alone", default="tests/firmware")
    parser.addini("micropython_covered", "modules whose every line shared tests must run", type="linelist")
    parser.addini("micropython_heap", "the interpreter's heap", default="96wk")
    parser.addini("micropython_deadline_s", "seconds for the tests of one file", default="120")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the mark that every MicroPython test carries, and the coverage of this run."""
    config.addinivalue_line("markers", "micropython: runs in the real MicroPython")
    config.stash[_FOLDERS] = {
        name: config.rootpath / config.getini(f"micropython_{name}")
        for name in ("firmware", "shared", "only")
    }
    covered = config.getini("micropython_covered")
    plan = measurement.Measurement(config.stash[_FOLDERS]["firmware"], covered)
    config.pluginmanager.register(plan, "micropython-measurement")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A shared file, beside pytest's own collection of it."""
    folder = parent.config.stash[_FOLDERS]["shared"]
    if folder in file_path.parents and file_path.match("test_*.py"):
        return MicroPythonFile.from_parent(parent, path=file_path)
    return None


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file for MicroPython alone, in place of pytest's own collection of it."""
    if parent.config.stash[_FOLDERS]["only"] in module_path.parents:
        return MicroPythonFile.from_parent(parent, path=module_path)
    return None


class MicroPythonFile(pytest.File):
    """One unittest file; knows its tests from the source, and runs them together."""

    _outcomes: Mapping[str, Outcome] | None = None

    def collect(self) -> Iterator[pytest.Collector]:
        """The interpreter, as a node of the name `micropython`."""
        try:
            self.tests = tests_of(self.path)
        except SyntaxError as error:
            raise self.CollectError(f"{self.path}: {error}") from error
        if not self.tests:
            raise self.CollectError(f"{self.path}: holds no tests for MicroPython")
        yield _Interpreter.from_parent(self, name="micropython")

    def outcome(self, test: str) -> Outcome:
        """What became of one test; the first call runs all that are selected."""
        if self._outcomes is None:
            chosen = [item for item in self.session.items if isinstance(item, MicroPythonTest)]
            self._outcomes = self._run([item.test for item in chosen if item.file is self])
        return self._outcomes[test]

    def _run(self, wanted: list[str]) -> Mapping[str, Outcome]:
        folders = self.config.stash[_FOLDERS]
        plan = self.config.pluginmanager.get_plugin("micropython-measurement")
        assert isinstance(plan, measurement.Measurement)
        is_shared = folders["shared"] in self.path.parents
        firmware = plan.copy() if is_shared else folders["firmware"]
        mark = secrets.token_hex(8)
        ended = vm.run(
            vm.DEVICE / "run.py",
            [mark, self.path.stem, *wanted],
            path=[firmware, self.path.parent, folders["shared"], *libraries.folders()],
            cwd=plan.empty_folder(),
            deadline_s=float(self.config.getini("micropython_deadline_s")),
            heap=self.config.getini("micropython_heap"),
        )
        every = [f"{name}::{test}" for name, tests in self.tests.items() for test in tests]
        outcomes, lines = judge(ended, mark, wanted, every)
        if is_shared:
            plan.add(self.path, lines, whole=set(wanted) == set(every))
        return {test: plan.with_original_lines(outcome) for test, outcome in outcomes.items()}


class _Interpreter(pytest.Collector):
    def collect(self) -> Iterator[pytest.Collector]:
        assert isinstance(self.parent, MicroPythonFile)
        for name in self.parent.tests:
            yield _TestClass.from_parent(self, name=name)


class _TestClass(pytest.Collector):
    def collect(self) -> Iterator[pytest.Item]:
        file = self.getparent(MicroPythonFile)
        assert file is not None
        for name, line in file.tests[self.name].items():
            yield MicroPythonTest.from_parent(self, name=name, file=file, line=line)


class _BrokenError(Exception):
    """Carries what the interpreter said about a test; shown as it stands."""


class MicroPythonTest(pytest.Item):
    """One test method in MicroPython."""

    def __init__(self, *, file: MicroPythonFile, line: int, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self.file = file
        self.line = line
        assert self.parent is not None
        self.test = f"{self.parent.name}::{self.name}"
        self.add_marker("micropython")

    def runtest(self) -> None:
        """Takes the result from the file's run."""
        outcome = self.file.outcome(self.test)
        if outcome.printed:
            self.add_report_section("call", "MicroPython output", outcome.printed)
        if outcome.kind == "skipped":
            pytest.skip(outcome.text)
        if outcome.kind != "passed":
            raise _BrokenError(f"{outcome.kind} under MicroPython: {outcome.text}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """The interpreter's own words where it is the one that failed."""
        if isinstance(excinfo.value, _BrokenError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test stands."""
        return self.path, self.line - 1, f"micropython {self.test}"
