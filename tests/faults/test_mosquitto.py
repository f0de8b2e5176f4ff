"""The switchboard before a real mosquitto, by way of the proxy: who works only with the twin has a defect."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from host_tools.twin.proxy.tls import TlsEnd
from tests.conformance import brokers
from tests.faults.acts import restart, stall, take_over
from tests.faults.mosquitto import HOST, Pair, Site, new_pair, play_act, play_before, site
from tests.faults.play import Outcome, check
from tests.faults.rows import CUT_CAUSES, ROWS, Row, at
from tests.faults.test_matrix import BOARDS, DEVICE, TOKEN

NOT_HERE = {
    "kick": "the proxy could only close in the broker's stead; mosquitto itself does it in `take-over`"
}
HERE = [row for row in ROWS if row.name not in NOT_HERE]

# mosquitto's handshake is some 790 bytes towards the device and 280 from it, in nine messages: cut in each.
STEPS = [("out", at_bytes) for at_bytes in range(30, 790, 60)] + [("in", 90), ("in", 190), ("in", 255)]
CUT = [
    Row(f"reset-{way}-at-{at_bytes}", (at("hello", "reset", direction=way, at_bytes=at_bytes),), CUT_CAUSES)
    for way, at_bytes in STEPS
]

# With a broker of their own, as it would strike other plays too. A device that sends just then finds its
# message unanswered, which the service means as "this topic is not yours".
ACTS: list[tuple[Row, Callable[[Site, Pair], None]]] = [
    (Row("take-over", (), ("closed", "topic-refused")), take_over),
    (Row("restart", (), (*CUT_CAUSES, "topic-refused")), restart),
    (Row("stall", (), ("link-lost", "tls"), bound_s=20.0), stall),
]

PLAYS = [(row, board_id, DEVICE) for row in HERE for board_id in BOARDS]
PLAYS += [(row, board_id, TOKEN) for row in HERE for board_id in BOARDS if row.name.startswith("connack")]
PLAYS += [(row, BOARDS[number % 2], DEVICE) for number, row in enumerate(CUT)]
ACTED = [(row, board_id, act) for row, act in ACTS for board_id in BOARDS]
NAMES = [f"{row.name}-{board_id}-{mode}" for row, board_id, mode in PLAYS]
NAMES_ACTED = [f"{row.name}-{board_id}" for row, board_id, _ in ACTED]
ROW_OF = dict(zip(NAMES + NAMES_ACTED, [each[0] for each in [*PLAYS, *ACTED]], strict=True))
# They wait more than they work.
AT_ONCE = 12


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "Future[Outcome]"]]:
    """All plays, some at a time, those with long waits first."""
    folder = tmp_path_factory.mktemp("mosquitto")
    tls = TlsEnd([HOST])
    pairs = [new_pair(number, mode) for number, (_, _, mode) in enumerate(PLAYS)]
    with ExitStack() as stack:
        shared = stack.enter_context(site(folder / "broker", pairs, tls))
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        futures = {}
        for name, (row, board_id, act) in zip(NAMES_ACTED, ACTED, strict=True):
            futures[name] = pool.submit(_acted, folder / name, tls, row, act, board_id)
        for name, (row, board_id, _), pair in sorted(
            zip(NAMES, PLAYS, pairs, strict=True), key=lambda play: -play[1][0].bound_s
        ):
            futures[name] = pool.submit(play_before, shared, row, board_id, pair, folder / name)
        yield futures


def _acted(folder: Path, tls: TlsEnd, row: Row, act: Callable[[Site, Pair], None], board_id: str) -> Outcome:
    pair = new_pair(0, DEVICE)
    with site(folder, [pair], tls) as own:
        return play_act(own, row, act, board_id, pair, folder)


@pytest.mark.skipif(
    not all(map(brokers.found, ("mosquitto", "mosquitto_passwd"))), reason=brokers.NO_MOSQUITTO
)
@pytest.mark.parametrize("name", [*NAMES, *NAMES_ACTED])
def test_back_in_service(outcomes: dict[str, "Future[Outcome]"], name: str) -> None:
    check(ROW_OF[name], outcomes[name].result())
