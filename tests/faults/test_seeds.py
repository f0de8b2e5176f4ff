"""Random faults by seed: whatever comes together, every message arrives, in order, with no reset."""

import os
import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.faults.play import Outcome
from tests.faults.seeded import MESSAGES, play_seed

BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")
COUNT = 200 if os.environ.get("DEVCRED_SOAK") else 8
FIRST = int(os.environ.get("DEVCRED_SEED") or random.SystemRandom().randrange(1 << 30))
AT_ONCE = 8


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list["Future[Outcome]"]]:
    folder = tmp_path_factory.mktemp("seeds")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield [pool.submit(play_seed, FIRST + at, BOARDS[at % 2], folder / str(at)) for at in range(COUNT)]


@pytest.mark.parametrize("at", range(COUNT))
def test_nothing_is_lost(outcomes: list["Future[Outcome]"], at: int) -> None:
    print(f"DEVCRED_SEED={FIRST + at} repeats this one as the first, on {BOARDS[at % 2]}")
    outcome = outcomes[at].result()
    assert list(dict.fromkeys(outcome.numbers)) == list(range(MESSAGES)), outcome
    assert outcome.online, outcome
    assert not outcome.resets, outcome
