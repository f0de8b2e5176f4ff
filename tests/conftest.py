"""What all tests share: the collection of unittest files for MicroPython."""

from tests.mpy.plugin import (
    pytest_addoption,
    pytest_collect_file,
    pytest_configure,
    pytest_pycollect_makemodule,
)
from tests.mpy.summary import pytest_terminal_summary

__all__ = [
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_configure",
    "pytest_pycollect_makemodule",
    "pytest_terminal_summary",
]
