"""What all tests share: the collection of unittest files for MicroPython."""

from tests.mpy.plugin import (
    pytest_addoption,
    pytest_collect_file,
    pytest_configure,
    pytest_pycollect_makemodule,
)

__all__ = ["pytest_addoption", "pytest_collect_file", "pytest_configure", "pytest_pycollect_makemodule"]
