"""Where the token server keeps its accounts: options, and one transaction over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from host_tools.tokens.state import State


def _no_password(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Whoever lists the processes of this computer would see it."""
    on_command_line = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    if value and on_command_line and ":" in value.partition("://")[2].partition("@")[0] and "@" in value:
        raise click.UsageError(
            "no password in --database: set DEVCRED_TOKENS_DATABASE, or use PostgreSQL's password file"
        )
    return value


STATE = (
    click.option(
        "--state",
        type=click.Path(file_okay=False),
        envvar="DEVCRED_TOKENS",
        show_envvar=True,
        help="Folder with the server's keys and, by default, its database. Made if missing.",
    ),
    click.option(
        "--database",
        metavar="URL",
        envvar="DEVCRED_TOKENS_DATABASE",
        show_envvar=True,
        callback=_no_password,
        help="Database, sqlite:///FILE or postgresql://USER@HOST/NAME.",
    ),
)


def state(given: dict[str, Any]) -> "State":
    """The state that the options of STATE name."""
    import platformdirs

    from host_tools.tokens.state import open_state

    default = Path(platformdirs.user_data_path("devcred")) / "tokens"
    return open_state(Path(given["state"] or default), given["database"])


@contextmanager
def transaction(given: dict[str, Any]) -> Iterator[tuple[Any, "State"]]:
    """One transaction over the accounts."""
    opened = state(given)
    with opened.transaction() as tx:
        yield tx, opened
