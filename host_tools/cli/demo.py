"""`devcred demo`: the whole journey."""

import click

from host_tools.cli.render import json_option


@click.group(invoke_without_command=True)
@click.option(
    "--board",
    "board_ids",
    multiple=True,
    default=("ESP32_GENERIC", "RPI_PICO_W"),
    show_default=True,
    help="Board ID; may be given several times.",
)
@json_option
@click.pass_context
def demo(context: click.Context, board_ids: tuple[str, ...], as_json: bool) -> None:
    """Take virtual boards from an empty flash to a verified connection and its revocation.

    With real parts: the SDK signs the requests, mpremote provisions, MicroPython runs the
    agent. No cloud, no hardware, no account. Ctrl-C at any moment leaves nothing behind.

    \b
    Example:
      devcred demo --board RPI_PICO_W
    """
    if context.invoked_subcommand:
        return
    from host_tools.demo.run import run_demo

    run_demo(board_ids, click.echo, as_json=as_json)


@demo.command()
@click.option(
    "--board",
    "board_ids",
    multiple=True,
    default=("ESP32_GENERIC",),
    show_default=True,
    help="Board ID; may be given several times.",
)
@json_option
def token(board_ids: tuple[str, ...], as_json: bool) -> None:
    """The same in Token mode: tokens renewed inside the session, revoked, and refused.

    Tokens live 70 s. What lies between two renewals is skipped, for the clocks of twin, token
    server and board alike; connections, keep-alive and the watchdog run on real time.

    \b
    Example:
      devcred demo token --board RPI_PICO_W
    """
    from host_tools.demo.token_run import run_token_demo

    run_token_demo(board_ids, click.echo, as_json=as_json)
