"""`devcred twin`: the service on this computer, until it is told to stop; and what belongs to it."""

from typing import Any

import click
from click.core import ParameterSource

from host_tools.cli.lazy import LazyGroup
from host_tools.cli.render import json_option

# name: (module, the line in `devcred twin --help`)
COMMANDS = {
    "faults": ("faults", "Set faults on a running twin, and see what came of them."),
    "reset": ("twin_reset", "Remove the state that a twin has kept in a folder."),
}
_PORT = click.IntRange(0, 65535)


@click.group(
    cls=LazyGroup, known=COMMANDS, invoke_without_command=True, subcommand_metavar="[COMMAND [ARGS]...]"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=_PORT, default=1883, show_default=True, help="MQTT; 0 takes a free port.")
@click.option("--tls-port", type=_PORT, default=8883, show_default=True, help="MQTT over TLS; 0 as above.")
@click.option("--ws-port", type=_PORT, default=8083, show_default=True, help="MQTT over WebSocket, /mqtt.")
@click.option("--wss-port", type=_PORT, default=8084, show_default=True, help="The same over TLS.")
@click.option("--api-port", type=_PORT, default=8080, show_default=True, help="Control plane; 0 as above.")
@click.option("--state", type=click.Path(file_okay=False), help="Folder that keeps the state over restarts.")
@click.option("--group", "groups", multiple=True, help="Group ID that exists from the start; repeatable.")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    default=("devcred",),
    show_default=True,
    help="Parent topic; repeatable.",
)
@click.option(
    "--set",
    "chosen",
    multiple=True,
    metavar="NAME=VALUE",
    help="Choose another behaviour; repeatable.",
)
@click.option("--list-behaviours", is_flag=True, help="Show every behaviour and how sure it is, then stop.")
@click.option("--quiet", is_flag=True, help="Do not trace connections on stderr.")
@json_option
@click.pass_context
def twin(
    context: click.Context,
    /,
    list_behaviours: bool,
    as_json: bool,
    chosen: tuple[str, ...],
    **options: Any,
) -> None:
    """Run a local twin of ApsaraMQ for MQTT: broker and control plane, with an account of its own.

    Runs until SIGTERM (exit code 0) or Ctrl-C (130). Connections are traced on stderr. The CA
    and the account's secret lie in the state folder, or else in a private one that goes with the
    twin. The service has WebSocket on ports 80 and 443, which only root may open.

    \b
    Examples:
      devcred twin --group GID_shop --topic shop
      devcred twin --set bad_credential_code=4 --set refresh=secret-only
      devcred twin --port 0 --tls-port 0 --ws-port 0 --wss-port 0 --api-port 0 --json
      devcred twin --list-behaviours --json
    """
    if context.invoked_subcommand:
        _no_options_before(context)
    elif list_behaviours:
        from host_tools.cli.twin_behaviours import show

        show(as_json)
    else:
        from host_tools.cli.twin_run import run

        run(chosen, as_json, **options)


def _no_options_before(context: click.Context) -> None:
    """An option of the twin's own in front of another command would have no effect."""
    for parameter in context.command.params:
        if context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} does not go with {context.invoked_subcommand}")
