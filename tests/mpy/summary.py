"""The last lines of a run: how the shared tests went, interpreter by interpreter."""

from collections import Counter

import pytest

_KINDS = ("passed", "failed", "skipped")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Two lines, where a test of the shared folder ran under both."""
    shared = f"{config.getini('micropython_shared')}/"
    counts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    for kind in _KINDS:
        for report in terminalreporter.stats.get(kind, ()):
            if report.nodeid.startswith(shared):
                counts["micropython" in report.keywords][kind] += 1
    if not (counts[False] and counts[True]):
        return
    terminalreporter.section("the same tests under both interpreters")
    for name, count in (("CPython", counts[False]), ("MicroPython", counts[True])):
        told = ", ".join(f"{count[kind]} {kind}" for kind in _KINDS if count[kind])
        terminalreporter.write_line(f"{shared} under {name}: {told}")
