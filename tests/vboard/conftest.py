"""Boards that run for one test, and the real mpremote beside them."""

import pytest

from host_tools.boards.definition import Board, load_board


@pytest.fixture(params=["ESP32_GENERIC", "RPI_PICO_W"])
def board(request: pytest.FixtureRequest) -> Board:
    return load_board(request.param)


@pytest.fixture
def esp32() -> Board:
    return load_board("ESP32_GENERIC")


@pytest.fixture
def pico() -> Board:
    return load_board("RPI_PICO_W")
