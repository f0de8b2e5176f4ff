"""`devcred token apply`, `query`, `revoke`: straight to the control plane."""

import json
import sys
import time
from typing import Any

import click

from host_tools.cli import files
from host_tools.cli.files import SecretFile
from host_tools.cli.render import json_option, show, talk
from host_tools.cli.service import SECRET, SERVICE, client, options
from host_tools.errors import ToolError, UsageError
from host_tools.tokens.policy import MAX_LIFE_S, MIN_LIFE_S

_WHICH = (
    click.option("--tokens-file", type=click.Path(), help='JSON file, such as {"R": "...", "W": "..."}.'),
    click.option("--token-stdin", is_flag=True, help="Read one token from stdin."),
)


@click.command()
@click.option("--read", multiple=True, metavar="TOPIC", help="To subscribe to, + and # allowed; repeatable.")
@click.option("--write", multiple=True, metavar="TOPIC", help="To publish to; repeatable.")
@click.option(
    "--life-s",
    type=click.IntRange(MIN_LIFE_S, MAX_LIFE_S),
    default=3600,
    show_default=True,
    help="Seconds until they end.",
)
@options(SERVICE, SECRET)
@json_option
def apply(read: tuple[str, ...], write: tuple[str, ...], life_s: int, as_json: bool, **given: Any) -> None:
    """Apply for the fewest tokens that grant this: one for each kind of permission.

    What --out writes is what `devcred sign --mode token --tokens-file` takes.

    \b
    Example:
      devcred token apply --read shop/cmd/# --write shop/up/# --life-s 3600 --out tokens.json
    """
    from host_tools.tokens.scopes import check, rights, scopes

    with files.rules():
        wanted = scopes(check(rights(read, write)), life_s)
    if not wanted:
        raise click.UsageError("give --read or --write, at least once")
    if not given["out"] and not given["show_secret"]:
        raise click.UsageError("give --out FILE or --show-secret")
    if not given["out"]:
        _show(_applied(wanted, life_s, given), as_json, given)
        return
    from host_tools.interrupts import Interrupts

    with Interrupts(), SecretFile(given["out"], force=given["force"]) as file:
        made = _applied(wanted, life_s, given)
        file.write(json.dumps(made["tokens"]).encode() + b"\n")
        _show(made, as_json, given)


@click.command()
@options(_WHICH, SERVICE)
@json_option
def query(as_json: bool, **given: Any) -> None:
    """Ask the service whether tokens are good.

    \b
    Example:
      devcred token query --tokens-file tokens.json
    """
    from host_tools.cloud import tokens

    texts, service = _given(given), client(given)
    show({kind: tokens.query(service, text) for kind, text in texts.items()}, as_json)


@click.command()
@options(_WHICH, SERVICE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def revoke(as_json: bool, yes: bool, **given: Any) -> None:
    """Revoke tokens: who holds them can use them no more.

    \b
    Example:
      devcred token revoke --tokens-file tokens.json --yes
    """
    from host_tools.cloud import tokens

    texts = _given(given)
    if not yes and not click.confirm(f"revoke {len(texts)} tokens on {given['instance']}?", err=True):
        raise ToolError("not confirmed, nothing was changed", where="revoke")
    service = client(given)
    for text in texts.values():
        tokens.revoke(service, text)
    show({"revoked": list(texts)}, as_json)


def _applied(wanted: Any, life_s: int, given: dict[str, Any]) -> dict[str, Any]:
    from host_tools.cloud import tokens
    from host_tools.tokens.policy import life_s as asked_s

    service = client(given)
    expires_ms = int(time.time() * 1000) + asked_s(life_s) * 1000
    texts = {scope.kind: tokens.apply(service, scope.kind, scope.resources, expires_ms) for scope in wanted}
    return {"access_key_id": service.access_key_id(), "expires_ms": expires_ms, "tokens": texts}


def _show(made: dict[str, Any], as_json: bool, given: dict[str, Any]) -> None:
    texts = made.pop("tokens")
    facts = {"types": list(texts), "instance_id": given["instance"], **made}
    if given["show_secret"]:
        facts["tokens"] = texts if as_json else json.dumps(texts)
    if given["out"]:
        facts["tokens_file"] = given["out"]
        talk("`devcred sign --mode token --tokens-file` makes a password of it.")
    show(facts, as_json)


def _given(given: dict[str, Any]) -> dict[str, str]:
    """By type, or as "token" where only its text is known."""
    if bool(given["tokens_file"]) == bool(given["token_stdin"]):
        raise click.UsageError("give either --tokens-file or --token-stdin")
    if given["token_stdin"]:
        found: Any = {"token": sys.stdin.read().strip()}
    else:
        found = files.read_json(given["tokens_file"], "--tokens-file")
    if not isinstance(found, dict) or not found or not all(isinstance(each, str) for each in found.values()):
        raise UsageError("not tokens by type", where="--tokens-file", do='it reads {"R": "...", "W": "..."}')
    return found
