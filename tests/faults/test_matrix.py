"""Every fault of the switchboard, on both boards: named, survived, nothing lost, nothing out of order."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.faults.play import MESSAGES, Outcome, play
from tests.faults.rows import ROWS, Row

BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")
PLAYS = [(row, board_id) for row in ROWS for board_id in BOARDS]
NAMES = [f"{row.name}-{board_id}" for row, board_id in PLAYS]
# They wait more than they work.
AT_ONCE = 8


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], "Future[Outcome]"]]:
    """All plays, some at a time, while the tests take the results one by one."""
    folder = tmp_path_factory.mktemp("faults")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            (row.name, board_id): pool.submit(play, row, board_id, folder / f"{row.name}-{board_id}")
            for row, board_id in PLAYS
        }


@pytest.mark.parametrize(
    ("row", "board_id"), PLAYS, ids=[f"{row.name}-{board_id}" for row, board_id in PLAYS]
)
def test_back_in_service(outcomes: dict[tuple[str, str], "Future[Outcome]"], row: Row, board_id: str) -> None:
    outcome = outcomes[row.name, board_id].result()
    assert outcome.struck, outcome
    assert outcome.online, outcome
    if row.causes:
        assert outcome.causes, outcome
        assert outcome.causes[0] in row.causes, outcome
    else:
        assert not outcome.causes, outcome
    # First arrivals in order, none missing; again is allowed, for who was not acknowledged asks again.
    assert list(dict.fromkeys(outcome.numbers)) == list(range(MESSAGES)), outcome
    assert not outcome.resets, outcome
