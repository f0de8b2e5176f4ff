"""Every fault of the switchboard, on both boards: named, survived, nothing lost, nothing out of order."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.faults.play import Outcome, check, play
from tests.faults.rows import ROWS

BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")
DEVICE, TOKEN = "DeviceCredential", "Token"
PLAYS = [(row, board_id, DEVICE) for row in ROWS for board_id in BOARDS]
# What the mode of the login could make a difference to.
PLAYS += [(row, board_id, TOKEN) for row in ROWS for board_id in BOARDS if row.name.startswith("connack")]
NAMES = [f"{row.name}-{board_id}-{mode}" for row, board_id, mode in PLAYS]
# They wait more than they work.
AT_ONCE = 8


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "Future[Outcome]"]]:
    """All plays, some at a time, while the tests take the results one by one."""
    folder = tmp_path_factory.mktemp("faults")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(play, *each, folder / name) for name, each in zip(NAMES, PLAYS, strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_back_in_service(outcomes: dict[str, "Future[Outcome]"], name: str) -> None:
    check(PLAYS[NAMES.index(name)][0], outcomes[name].result())
