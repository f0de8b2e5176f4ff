"""What the commands of `devcred token account` have in common: options, and what they make of them."""

import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from host_tools.cli.files import SecretFile
from host_tools.cli.render import show
from host_tools.cli.token_state import transaction
from host_tools.errors import ToolError
from host_tools.tokens.policy import MAX_LIFE_S, MIN_LIFE_S

if TYPE_CHECKING:
    from host_tools.tokens.account import Account

RIGHTS = (
    click.option(
        "--read", multiple=True, metavar="TOPIC", help="May subscribe; + # {client_id}; repeatable."
    ),
    click.option("--write", multiple=True, metavar="TOPIC", help="May publish; repeatable."),
    click.option("--client-id", "client_ids", multiple=True, help="user: one of its client IDs; repeatable."),
    click.option("--life-s", type=click.IntRange(MIN_LIFE_S, MAX_LIFE_S), help="Life of its tokens."),
    click.option("--quota-per-day", type=click.IntRange(1, 1_000_000), help="Deliveries a day (UTC)."),
    click.option(
        "--recovery",
        type=click.Choice(["off", "presigned", "secret"]),
        help="Hand out the DeviceCredential, once.",
    ),
)
KEY = (
    click.option("--out", type=click.Path(), help="Write the device key to this file (0600)."),
    click.option("--force", is_flag=True, help="Overwrite the file of --out."),
    click.option("--show-secret", is_flag=True, help="Print the device key."),
)
YES = (click.option("--yes", is_flag=True, help="Do not ask."),)


def with_key(given: dict[str, Any], as_json: bool, act: Any) -> None:
    """Calls `act` with a new key once it is certain that the key will find a place."""
    from host_tools.interrupts import Interrupts
    from host_tools.tokens.challenge import new_key

    if not given["out"] and not given["show_secret"]:
        raise click.UsageError("give --out FILE or --show-secret: the key is told only once")
    key = new_key(secrets.token_bytes)
    if not given["out"]:
        with transaction(given) as (tx, state):
            facts = act(tx, key, state).facts()
        show(facts | {"key": key}, as_json)
        return
    with Interrupts(), SecretFile(given["out"], force=given["force"]) as file:
        with transaction(given) as (tx, state):
            facts = act(tx, key, state).facts()
            # Before the account is there for good: a key that is lost would have to be made anew.
            file.write(json.dumps({"name": facts["name"], "key": key}).encode() + b"\n")
        show(facts | {"key_file": given["out"]}, as_json)


def changed(before: "Account", given: dict[str, Any]) -> "Account":
    """The account with what the options say."""
    from host_tools.tokens.scopes import rights

    read = () if given.get("no_read") else given["read"] or before.rights.read
    write = () if given.get("no_write") else given["write"] or before.rights.write
    named = {
        name: given[name]
        for name in ("client_ids", "life_s", "quota_per_day", "recovery", "enabled")
        if given.get(name) not in (None, ())
    }
    return replace(before, rights=rights(read, write), **named)


def kind(name: str) -> str:
    """What an account of this name is."""
    from devcred import topics

    if topics.SEPARATOR in name:
        return "device"
    return "group" if name.startswith(("GID_", "GID-")) else "user"


def agree(question: str, yes: bool) -> None:
    """Goes on if the user agrees, or has before by --yes."""
    if not yes and not click.confirm(question, err=True):
        raise ToolError("not confirmed, nothing was changed", where="account")
