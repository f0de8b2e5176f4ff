"""The coverage of one pytest run: which lines of the pure modules MicroPython reached.

What a module's statements are is coverage.py's judgement; that a line was reached is told
by the module's counting copy in the interpreter.
"""

import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import coverage
import pytest

from tests.mpy.coverage import instrumented_tree, original_lines
from tests.mpy.outcomes import Outcome


class Measurement:
    """A pytest plugin: gathers lines, prints the table, fails a whole run that missed one."""

    def __init__(self, firmware: Path, covered: Sequence[str]) -> None:
        self._firmware = firmware
        self._covered = covered
        self._lines: dict[str, set[int]] = {str(firmware / name): set() for name in covered}
        self._whole: set[Path] = set()
        self._collected: set[Path] = set()
        self._report = ""

    @cached_property
    def _scratch(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="devcred-micropython-")).resolve()

    def empty_folder(self) -> Path:
        """A folder outside the project with nothing in it, for the interpreter to start in."""
        folder = self._scratch / "empty"
        folder.mkdir(exist_ok=True)
        return folder

    def copy(self) -> Path:
        """The firmware's folder in its counting form; made at the first call."""
        folder = self._scratch / "firmware"
        if not folder.exists():
            instrumented_tree(self._firmware, folder, self._covered)
        return folder

    def add(self, path: Path, lines: Mapping[str, list[int]], *, whole: bool) -> None:
        """The lines that the tests of the file `path` reached; `whole` if all of them ran."""
        for name, numbers in lines.items():
            self._lines[str(self._firmware / name)].update(numbers)
        if whole:
            self._whole.add(path)

    def with_original_lines(self, outcome: Outcome) -> Outcome:
        """The outcome with its traceback in terms of the source."""
        return replace(outcome, text=original_lines(outcome.text, self._firmware, self.copy()))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judges: a run of every shared test must have reached every line."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        shared = session.config.rootpath / session.config.getini("micropython_shared")
        is_whole = self._whole >= set(shared.rglob("test_*.py"))
        if not self._covered or not is_whole or not self._whole:
            return
        table, percent = self._table()
        self._report = table
        if percent < 100:
            self._report += f"\nMicroPython reached {percent:.1f} % of the lines; all are wanted."
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _table(self) -> tuple[str, float]:
        measured = coverage.Coverage(data_file=None, config_file=False, messages=False)
        # No comment takes a line out of the count.
        measured.config.exclude_list = []
        measured.get_data().add_lines(self._lines)
        text = io.StringIO()
        percent = measured.report(file=text, show_missing=True, precision=1)
        return text.getvalue(), percent

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The table, after a run of every shared test."""
        if self._report:
            terminalreporter.section("lines reached in MicroPython")
            terminalreporter.write_line(self._report)
