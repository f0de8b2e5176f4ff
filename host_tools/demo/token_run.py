"""Runs the demo of Token mode: for each board a twin and a token server of its own, since time is skipped."""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from host_tools.boards.definition import Board, load_board
from host_tools.demo.run import client_of, play, tell_twin
from host_tools.demo.steps import GROUPS, TOPICS
from host_tools.demo.story import Story
from host_tools.demo.token_journey import TokenJourney
from host_tools.demo.token_steps import STEPS
from host_tools.interrupts import Interrupts
from host_tools.twin import TwinThread
from host_tools.twin.clock import ManualClock


def run_token_demo(board_ids: Sequence[str], write: Callable[[str], None], *, as_json: bool) -> None:
    """The journey of each board, told line by line to `write`; as `run_demo` otherwise."""
    boards = [load_board(board_id) for board_id in board_ids]
    story = Story(write, time.monotonic, as_json=as_json)
    with Interrupts() as interrupts:
        for board in boards:
            _journey(board, interrupts, story)


def _journey(board: Board, interrupts: Interrupts, story: Story) -> None:
    story.chapter(board.id, board.name)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="devcred-demo-"))
        clock = ManualClock(time.time())
        twin = stack.enter_context(TwinThread(groups=GROUPS, topics=TOPICS, clock=clock))
        tell_twin(story, twin)
        made = stack.enter_context(ExitStack())
        journey = TokenJourney(
            board, twin, client_of(twin), Path(folder), made, interrupts, story.tell, clock=clock
        )
        play(journey, STEPS)
    story.tell("done", "the board is off", ok=True)
