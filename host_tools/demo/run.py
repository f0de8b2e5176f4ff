"""Runs the demo: one twin, then each board's journey; everything is given back at the end."""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from host_tools.boards.definition import Board, load_board
from host_tools.cloud import endpoint
from host_tools.cloud.client import AccessKey, CloudClient
from host_tools.demo.journey import Journey
from host_tools.demo.steps import GROUPS, STEPS, TOPICS
from host_tools.demo.story import Story
from host_tools.errors import ToolError
from host_tools.interrupts import Interrupts
from host_tools.twin import TwinThread


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
        story.tell(
            "twin",
            f"{twin.instance_id} on this computer: MQTT {twin.mqtt_port}, TLS {twin.tls_port}, "
            f"control plane {twin.api_port}",
            instance_id=twin.instance_id,
            ports=[twin.mqtt_port, twin.tls_port, twin.api_port],
        )
        for board in boards:
            _journey(board, twin, Path(folder), interrupts, story)


def _journey(board: Board, twin: TwinThread, folder: Path, interrupts: Interrupts, story: Story) -> None:
    story.chapter(board.id, board.name)
    key = AccessKey(twin.access_key_id, twin.access_key_secret)
    client = CloudClient(endpoint.parse(twin.endpoint), twin.instance_id, key)
    with ExitStack() as stack:
        journey = Journey(board, twin, client, folder, stack, interrupts, story.tell)
        for step in STEPS:
            try:
                step(journey)
            except ToolError as error:
                raise ToolError(str(error), where=f"demo {board.id}, {step.__name__}") from error
    story.tell("done", "the board is off", ok=True)
