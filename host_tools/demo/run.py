"""Runs the demo: one twin, then each board's journey; everything is given back at the end."""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from host_tools.boards.definition import load_board
from host_tools.cloud import endpoint
from host_tools.cloud.client import AccessKey, CloudClient
from host_tools.demo.journey import Journey
from host_tools.demo.steps import GROUPS, STEPS, TOPICS
from host_tools.demo.story import Story
from host_tools.errors import ToolError
from host_tools.interrupts import Interrupts
from host_tools.twin import TwinThread

AnyJourney = TypeVar("AnyJourney", bound=Journey)


def run_demo(board_ids: Sequence[str], write: Callable[[str], None], *, as_json: bool) -> None:
    """The journey of each board, told line by line to `write`.

    Raises ToolError with the cause if a step fails, KeyboardInterrupt on Ctrl-C or SIGTERM; in
    both cases no process, port or file is left. To be called in the main thread.
    """
    boards = [load_board(board_id) for board_id in board_ids]
    story = Story(write, time.monotonic, as_json=as_json)
    with Interrupts() as interrupts, ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="devcred-demo-"))
        twin = stack.enter_context(TwinThread(groups=GROUPS, topics=TOPICS))
        tell_twin(story, twin)
        for board in boards:
            story.chapter(board.id, board.name)
            with ExitStack() as made:
                journey = Journey(board, twin, client_of(twin), Path(folder), made, interrupts, story.tell)
                play(journey, STEPS)
            story.tell("done", "the board is off", ok=True)


def client_of(twin: TwinThread) -> CloudClient:
    """The control plane of a twin, by the SDK."""
    key = AccessKey(twin.access_key_id, twin.access_key_secret)
    return CloudClient(endpoint.parse(twin.endpoint), twin.instance_id, key)


def tell_twin(story: Story, twin: TwinThread) -> None:
    """Where the twin is."""
    story.tell(
        "twin",
        f"{twin.instance_id} on this computer: MQTT {twin.mqtt_port}, TLS {twin.tls_port}, "
        f"control plane {twin.api_port}",
        instance_id=twin.instance_id,
        ports=[twin.mqtt_port, twin.tls_port, twin.api_port],
    )


def play(journey: AnyJourney, steps: Sequence[Callable[[AnyJourney], None]]) -> None:
    """One step after the other. ToolError names the one that failed."""
    for step in steps:
        try:
            step(journey)
        except ToolError as error:
            where = f"demo {journey.board.id}, {step.__name__}"
            raise ToolError(str(error), where=where) from error
