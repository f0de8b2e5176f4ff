"""`devcred token held`, `queue`, `audit`: what the token server holds and did; no token's text among it."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from host_tools.cli.render import json_option, line
from host_tools.cli.service import options
from host_tools.cli.token_state import STATE, transaction

_LIMIT = click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="At most so many."
)


@click.command()
@_LIMIT
@options(STATE)
@json_option
def held(limit: int, as_json: bool, **given: Any) -> None:
    """List the tokens that have not ended, by their fingerprints.

    \b
    Example:
      devcred token held --json
    """
    import time

    from host_tools.tokens import held as book

    now_ms = int(time.time() * 1000)
    with transaction(given) as (tx, _):
        found = book.listed(tx, now_ms, after="", size=limit)
    _rows(found, as_json, ("fingerprint", "kind", "resources", "expires_ms", "revoked"))


@click.command()
@_LIMIT
@options(STATE)
@json_option
def queue(limit: int, as_json: bool, **given: Any) -> None:
    """Show the tokens that wait to be revoked, and what became of those before.

    \b
    Example:
      devcred token queue
    """
    from host_tools.tokens import revocations

    with transaction(given) as (tx, _):
        found = revocations.listed(tx, limit)
    _rows(found, as_json, ("fingerprint", "outcome", "attempts"))


@click.command()
@click.option("--account", default="", help="Only this account.")
@_LIMIT
@options(STATE)
@json_option
def audit(account: str, limit: int, as_json: bool, **given: Any) -> None:
    """Show who got what, the newest first.

    \b
    Example:
      devcred token audit --account GID_shop@@@till-1
    """
    from host_tools.tokens import audit as book

    with transaction(given) as (tx, _):
        found = book.entries(tx, before=0, size=limit, account=account)
    _rows(found, as_json, ("at_ms", "event", "account", "client_id", "address", "fingerprint", "detail"))


def _rows(found: Iterable[dict[str, Any]], as_json: bool, names: tuple[str, ...]) -> None:
    put: Callable[[dict[str, Any]], None] = line if as_json else lambda row: click.echo(_plain(row, names))
    for row in found:
        put(row)


def _plain(row: dict[str, Any], names: tuple[str, ...]) -> str:
    values = (row[name] for name in names)
    return "  ".join(",".join(each) if isinstance(each, list) else str(each) or "-" for each in values)
