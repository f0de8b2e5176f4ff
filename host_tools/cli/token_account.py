"""`devcred token account`: who may ask the token server, and for what."""

import json
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from host_tools.cli.files import SecretFile
from host_tools.cli.render import json_option, line, show
from host_tools.cli.service import options
from host_tools.cli.token_state import STATE, transaction
from host_tools.errors import ToolError
from host_tools.tokens.policy import MAX_LIFE_S, MIN_LIFE_S

if TYPE_CHECKING:
    from host_tools.tokens.accounts import Account

_RIGHTS = (
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
_KEY = (
    click.option("--out", type=click.Path(), help="Write the device key to this file (0600)."),
    click.option("--force", is_flag=True, help="Overwrite the file of --out."),
    click.option("--show-secret", is_flag=True, help="Print the device key."),
)
_YES = (click.option("--yes", is_flag=True, help="Do not ask."),)


@click.group()
def account() -> None:
    """Manage accounts: devices, groups and users, and the topics that they may read and write.

    NAME says what it is: a client ID (GID_...@@@...) is a device, a Group ID (GID_...) a group for
    all of its devices, anything else a user with several client IDs.
    """


@account.command()
@click.argument("name")
@options(_RIGHTS, _KEY, STATE)
@json_option
def add(name: str, as_json: bool, **given: Any) -> None:
    """Add an account. A device or a user gets a key, which is shown once or kept in --out.

    \b
    Examples:
      devcred token account add GID_shop --read shop/cmd/# --write shop/up/{client_id}
      devcred token account add GID_shop@@@till-1 --out till-1.key.json
    """
    from host_tools.tokens import accounts

    made = accounts.checked(_changed(accounts.Account(name, _kind(name)), given))
    if made.kind == "group":
        with transaction(given) as (tx, state):
            show(accounts.add(tx, made, None, state.seal, _now_ms()).facts(), as_json)
        return
    _with_key(given, as_json, lambda tx, key, state: accounts.add(tx, made, key, state.seal, _now_ms()))


@account.command()
@click.argument("name")
@options(_KEY, STATE)
@json_option
def rekey(name: str, as_json: bool, **given: Any) -> None:
    """Give an account a new device key; the one before is void.

    \b
    Example:
      devcred token account rekey GID_shop@@@till-1 --out till-1.key.json --force
    """
    from host_tools.tokens import accounts

    def change(tx: Any, key: str, state: Any) -> "Account":
        accounts.set_key(tx, name, key, state.seal, _now_ms())
        return accounts.get(tx, name)

    _with_key(given, as_json, change)


@account.command("set")
@click.argument("name")
@options(_RIGHTS)
@click.option("--no-read", is_flag=True, help="May subscribe to nothing.")
@click.option("--no-write", is_flag=True, help="May publish to nothing.")
@click.option("--enable/--disable", "enabled", default=None, help="Switch it on or off.")
@options(STATE)
@json_option
def set_(name: str, as_json: bool, **given: Any) -> None:
    """Change an account; what is not named stays. Lists are replaced whole.

    \b
    Examples:
      devcred token account set GID_shop@@@till-1 --disable
      devcred token account set GID_shop@@@till-1 --recovery presigned
    """
    from host_tools.tokens import accounts

    with transaction(given) as (tx, _):
        changed = accounts.change(tx, _changed(accounts.get(tx, name), given), _now_ms())
    show(changed.facts(), as_json)


@account.command("show")
@click.argument("name")
@options(STATE)
@json_option
def show_(name: str, as_json: bool, **given: Any) -> None:
    """Show an account.

    \b
    Example:
      devcred token account show GID_shop@@@till-1
    """
    from host_tools.tokens import accounts

    with transaction(given) as (tx, _):
        show(accounts.get(tx, name).facts(), as_json)


@account.command("list")
@click.option("--kind", type=click.Choice(["device", "group", "user"]), help="Only these.")
@options(STATE)
@json_option
def list_(kind: str | None, as_json: bool, **given: Any) -> None:
    """List the accounts.

    \b
    Example:
      devcred token account list --kind group
    """
    from host_tools.tokens import accounts

    after = ""
    with transaction(given) as (tx, _):
        while found := accounts.page(tx, after, 500, kind):
            after = found[-1].name
            for each in found:
                line(each.facts()) if as_json else click.echo(f"{each.kind}  {each.name}")


@account.command()
@click.argument("name")
@options(_YES, STATE)
@json_option
def remove(name: str, as_json: bool, yes: bool, **given: Any) -> None:
    """Delete an account. Its tokens are good until they end; `revoke` first cuts it off at once.

    \b
    Example:
      devcred token account remove GID_shop@@@till-1 --yes
    """
    from host_tools.tokens import accounts

    _agree(f"delete the account {name}?", yes)
    with transaction(given) as (tx, _):
        accounts.remove(tx, name)
    show({"name": name, "removed": True}, as_json)


@account.command()
@click.argument("name")
@options(_YES, STATE)
@json_option
def revoke(name: str, as_json: bool, yes: bool, **given: Any) -> None:
    """Queue all tokens that an account was given for revocation; the running server works it off.

    Devices of the same scope share tokens: the others fetch new ones. Disable the account as well,
    or it does so too.

    \b
    Example:
      devcred token account revoke GID_shop@@@till-1 --yes
    """
    from host_tools.tokens import revocations

    _agree(f"revoke all tokens that {name} was given?", yes)
    with transaction(given) as (tx, _):
        queued = revocations.asked_for(tx, name, None, _now_ms())
    show({"name": name, "queued": queued}, as_json)


def _with_key(given: dict[str, Any], as_json: bool, act: Any) -> None:
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


def _changed(before: "Account", given: dict[str, Any]) -> "Account":
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


def _kind(name: str) -> str:
    from devcred import topics

    if topics.SEPARATOR in name:
        return "device"
    return "group" if name.startswith(("GID_", "GID-")) else "user"


def _agree(question: str, yes: bool) -> None:
    if not yes and not click.confirm(question, err=True):
        raise ToolError("not confirmed, nothing was changed", where="account")


def _now_ms() -> int:
    return int(time.time() * 1000)
