"""`devcred token account`: who may ask the token server, and for what."""

import time
from typing import TYPE_CHECKING, Any

import click

from host_tools.cli.render import json_option, line, show
from host_tools.cli.service import options
from host_tools.cli.token_account_options import KEY, RIGHTS, YES, agree, changed, kind, with_key
from host_tools.cli.token_state import STATE, transaction

if TYPE_CHECKING:
    from host_tools.tokens.account import Account


@click.group()
def account() -> None:
    """Manage accounts: devices, groups and users, and the topics that they may read and write.

    NAME says what it is: a client ID (GID_...@@@...) is a device, a Group ID (GID_...) a group for
    all of its devices, anything else a user with several client IDs.
    """


@account.command()
@click.argument("name")
@options(RIGHTS, KEY, STATE)
@json_option
def add(name: str, as_json: bool, **given: Any) -> None:
    """Add an account. A device or a user gets a key, which is shown once or kept in --out.

    \b
    Examples:
      devcred token account add GID_shop --read shop/cmd/# --write shop/up/{client_id}
      devcred token account add GID_shop@@@till-1 --out till-1.key.json
    """
    from host_tools.tokens import accounts
    from host_tools.tokens.account import Account, checked

    made = checked(changed(Account(name, kind(name)), given))
    if made.kind == "group":
        with transaction(given) as (tx, state):
            show(accounts.add(tx, made, None, state.seal, _now_ms()).facts(), as_json)
        return
    with_key(given, as_json, lambda tx, key, state: accounts.add(tx, made, key, state.seal, _now_ms()))


@account.command()
@click.argument("name")
@options(KEY, STATE)
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

    with_key(given, as_json, change)


@account.command("set")
@click.argument("name")
@options(RIGHTS)
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
        made = accounts.change(tx, changed(accounts.get(tx, name), given), _now_ms())
    show(made.facts(), as_json)


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
@options(YES, STATE)
@json_option
def remove(name: str, as_json: bool, yes: bool, **given: Any) -> None:
    """Delete an account. Its tokens are good until they end; `revoke` first cuts it off at once.

    \b
    Example:
      devcred token account remove GID_shop@@@till-1 --yes
    """
    from host_tools.tokens import accounts

    agree(f"delete the account {name}?", yes)
    with transaction(given) as (tx, _):
        accounts.remove(tx, name, _now_ms())
    show({"name": name, "removed": True}, as_json)


@account.command()
@click.argument("name")
@options(YES, STATE)
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

    agree(f"revoke all tokens that {name} was given?", yes)
    with transaction(given) as (tx, _):
        queued = revocations.asked_for(tx, name, None, _now_ms())
    show({"name": name, "queued": queued}, as_json)


def _now_ms() -> int:
    return int(time.time() * 1000)
