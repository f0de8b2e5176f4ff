"""Options of the commands that use the control plane."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from host_tools.cloud.client import CloudClient

SERVICE = (
    click.option(
        "--endpoint", envvar="DEVCRED_ENDPOINT", show_envvar=True, help="Control plane, http://host:port."
    ),
    click.option("--region", help="Region, such as cn-hangzhou, where no endpoint is given."),
    click.option(
        "--instance", envvar="DEVCRED_INSTANCE", show_envvar=True, required=True, help="Instance ID."
    ),
)
SECRET = (
    click.option(
        "--out", type=click.Path(), help="Write the credential with its secret to this file (0600)."
    ),
    click.option("--force", is_flag=True, help="Overwrite the file of --out."),
    click.option("--show-secret", is_flag=True, help="Print the secret."),
)
CARE = (
    click.option("--yes", is_flag=True, help="Do not ask."),
    click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing."),
)
CLIENT_ID = (click.option("--client-id", required=True, help="The device: GID_...@@@..."),)


def options(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[Any], Any]:
    """A decorator that gives a command the options of these groups, in this order."""

    def decorate(command: Any) -> Any:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return decorate


def client(given: dict[str, Any]) -> "CloudClient":
    """The control plane that the options of SERVICE name; nothing is sent yet."""
    from host_tools.cloud.client import connect

    return connect(given["endpoint"], given["region"], given["instance"])
