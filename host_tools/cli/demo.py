"""`devcred demo`: the whole journey."""

import click

from host_tools.cli.render import json_option


@click.command()
@click.option(
    "--board",
    "board_ids",
    multiple=True,
    default=("ESP32_GENERIC", "RPI_PICO_W"),
    show_default=True,
    help="Board ID; may be given several times.",
)
@json_option
def demo(board_ids: tuple[str, ...], as_json: bool) -> None:
    """Take virtual boards from an empty flash to a verified connection and its revocation.

    With real parts: the SDK signs the requests, mpremote provisions, MicroPython runs the
    agent. No cloud, no hardware, no account. Ctrl-C at any moment leaves nothing behind.

    \b
    Example:
      devcred demo --board RPI_PICO_W
    """
    from host_tools.demo.run import run_demo

    run_demo(board_ids, click.echo, as_json=as_json)
