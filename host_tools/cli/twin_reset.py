"""`devcred twin reset`: a kept state is removed."""

from pathlib import Path

import click

from host_tools.cli.render import json_option, show
from host_tools.cli.service import CARE, options
from host_tools.errors import ToolError


@click.command()
@click.option("--state", required=True, type=click.Path(file_okay=False), help="The folder of the state.")
@options(CARE)
@json_option
def reset(state: str, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Remove the state that a twin has kept in a folder: instance, account, CA, credentials, all of it.

    Only the twin's own files go; the folder and what else lies in it stay. Refused while a twin
    uses it.

    \b
    Example:
      devcred twin reset --state kept --yes
    """
    from host_tools.twin import reset as act

    folder = Path(state)
    there = act.found(folder)
    if dry_run:
        show({"state": state, "removed": [], "would_remove": [path.name for path in there]}, as_json)
        return
    names = ", ".join(path.name for path in there)
    if not yes and not click.confirm(f"remove {names} from {folder}? It cannot be undone.", err=True):
        raise ToolError("not confirmed, nothing was changed", where="twin reset")
    show({"state": state, "removed": [path.name for path in act.reset(folder)]}, as_json)
