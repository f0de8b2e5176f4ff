"""`devcred boards`: what the project knows about boards."""

import click

from host_tools.boards.definition import Board, board_ids, load_board
from host_tools.cli.render import json_option, line


@click.command()
@json_option
def boards(as_json: bool) -> None:
    """List the boards the project knows.

    \b
    Example:
      devcred boards --json
    """
    for board in map(load_board, board_ids()):
        if as_json:
            line(_facts(board))
        else:
            click.echo(f"{board.id:<20} {board.name}, {board.mcu}, file system {_kib(board)} KiB")


def _kib(board: Board) -> int:
    return board.filesystem.size_bytes // 1024


def _facts(board: Board) -> dict[str, object]:
    return {
        "id": board.id,
        "name": board.name,
        "mcu": board.mcu,
        "port": board.port,
        "flash_bytes": board.flash_bytes,
        "filesystem_bytes": board.filesystem.size_bytes,
        "heap_wk": board.heap_wk,
        "minimum_version": board.firmware.minimum_version,
    }
