"""`devcred vboard`: one virtual board, until it is told to stop."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from host_tools.cli.render import json_option, show, talk
from host_tools.errors import UsageError

if TYPE_CHECKING:
    from host_tools.boards.definition import Board
    from host_tools.vboard import Event


@click.command()
@click.option("--image", required=True, type=click.Path(), help="File system image; the board writes to it.")
@click.option("--board", "board_id", default="ESP32_GENERIC", show_default=True, help="Board ID.")
@click.option("--link", type=click.Path(), help="Also make this symbolic link to the board's port.")
@click.option(
    "--resolve",
    "routes",
    multiple=True,
    metavar="NAME:PORT=ADDR:PORT",
    help="What the board finds under a name and a port; a name that is not given does not resolve.",
)
@click.option(
    "--network", "script", type=click.Path(), help="What happens to its network: a JSON list of steps."
)
@click.option(
    "--press",
    "presses",
    multiple=True,
    metavar="AT_MS:FOR_MS",
    help="Press the board's button AT_MS after the start, for FOR_MS.",
)
@json_option
def vboard(
    image: str,
    board_id: str,
    link: str | None,
    routes: tuple[str, ...],
    script: str | None,
    presses: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run a virtual board: the real MicroPython on a file system image, behind a serial port.

    Runs until SIGTERM (exit code 0) or Ctrl-C (130). What happens to the board goes to stderr. A step of a
    network's script is {"at_ms": 5000, "do": "lose"}; a wrong "do" is answered with the list of them.

    \b
    Example:
      devcred vboard --image till-1.img --board ESP32_GENERIC \\
          --resolve mqtt-cn-x.mqtt.aliyuncs.com:8883=127.0.0.1:8883
    """
    from host_tools.boards.definition import load_board
    from host_tools.cli.servers import until_stopped
    from host_tools.vboard import VirtualBoard
    from host_tools.vboard.script import load, play

    board = load_board(board_id)
    resolve = dict(map(_route, routes))
    if not Path(image).is_file():
        raise UsageError(
            "there is no such image",
            where=image,
            do=f"make one: devcred image build --board {board_id} --out {image}",
        )
    made = VirtualBoard(
        Path(image), board, link=Path(link) if link else None, resolve=resolve, on_event=_tell
    )
    steps = load(Path(script), made.network) if script else []
    for text in presses:
        at_ms, for_ms = _press(text, board)
        steps += [(at_ms, made.press), (at_ms + for_ms, made.release)]

    def announce(_: object) -> None:
        play(steps, made.network)
        show(made.describe(), as_json)

    until_stopped(made, announce)


def _tell(event: "Event") -> None:
    talk(f"board {event.kind} {event.text}".rstrip())


def _route(text: str) -> tuple[str, tuple[str, int]]:
    """(`name:port`, (address, port)) from `name:port=address:port`."""
    name, _, target = text.partition("=")
    address, _, port = target.rpartition(":")
    if (
        not _is_port(name.rpartition(":")[2])
        or not name.rpartition(":")[0]
        or not address
        or not _is_port(port)
    ):
        raise UsageError(f"{text!r} does not read NAME:PORT=ADDR:PORT", where="--resolve")
    return name, (address, int(port))


def _press(text: str, board: "Board") -> tuple[int, int]:
    if board.button is None:
        raise UsageError(f"{board.id} has no button", where="--press", do="name one in its board.json")
    words = text.split(":")
    if len(words) != 2 or not all(word.isascii() and word.isdigit() for word in words):
        raise UsageError(f"{text!r} does not read AT_MS:FOR_MS", where="--press")
    return int(words[0]), int(words[1])


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 65536
