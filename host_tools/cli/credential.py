"""`devcred credential`: device credentials, through the control plane."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from host_tools.cli.files import SecretFile
from host_tools.cli.render import json_option, line, show, talk
from host_tools.cli.service import CARE, CLIENT_ID, SECRET, SERVICE, client, options
from host_tools.errors import ToolError

if TYPE_CHECKING:
    from host_tools.cloud.client import CloudClient
    from host_tools.cloud.credentials import DeviceCredential


@click.group()
def credential() -> None:
    """Register, read, refresh, delete and list device credentials.

    The AccessKey comes from ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEYSECRET, or
    from the rest of the SDK's own chain. Secrets go to --out FILE or, with --show-secret, to
    stdout; nowhere else.
    """


@credential.command()
@options(CLIENT_ID, SERVICE, SECRET)
@json_option
def register(client_id: str, as_json: bool, **given: Any) -> None:
    """Register a credential for a device that has none.

    \b
    Example:
      devcred credential register --client-id GID_shop@@@till-1 --out till-1.json
    """
    from host_tools.cloud import credentials

    _change(lambda service: credentials.register(service, client_id), as_json, given)


@credential.command()
@options(CLIENT_ID, SERVICE, SECRET)
@json_option
def get(client_id: str, as_json: bool, **given: Any) -> None:
    """Read a device's credential.

    \b
    Example:
      devcred credential get --client-id GID_shop@@@till-1 --json
    """
    from host_tools.cloud import credentials

    _change(lambda service: credentials.get(service, client_id), as_json, given)


@credential.command()
@options(CLIENT_ID, SERVICE, SECRET, CARE)
@json_option
def refresh(client_id: str, as_json: bool, yes: bool, dry_run: bool, **given: Any) -> None:
    """Replace a device's credential; the present one is void from then on.

    \b
    Example:
      devcred credential refresh --client-id GID_shop@@@till-1 --out till-1.json --force
    """
    from host_tools.cloud import credentials

    if _agreed("refresh", client_id, as_json, yes=yes, dry_run=dry_run, given=given):
        _change(lambda service: credentials.refresh(service, client_id), as_json, given)


@credential.command()
@options(CLIENT_ID, SERVICE, CARE)
@json_option
def unregister(client_id: str, as_json: bool, yes: bool, dry_run: bool, **given: Any) -> None:
    """Delete a device's credential. A connection that is open stays until it ends.

    \b
    Example:
      devcred credential unregister --client-id GID_shop@@@till-1 --yes
    """
    from host_tools.cloud import credentials

    if _agreed("unregister", client_id, as_json, yes=yes, dry_run=dry_run, given=given):
        credentials.unregister(client(given), client_id)
        show({"client_id": client_id, "unregistered": True}, as_json)


@credential.command("list")
@click.option("--group-id", required=True, help="The group: GID_...")
@options(SERVICE)
@json_option
def list_(group_id: str, as_json: bool, **given: Any) -> None:
    """List the client IDs of a group that hold a credential.

    \b
    Example:
      devcred credential list --group-id GID_shop
    """
    from host_tools.cloud import credentials

    found = credentials.client_ids(client(given), group_id)
    if as_json:
        line({"group_id": group_id, "client_ids": found})
        return
    for client_id in found:
        click.echo(client_id)


def _change(act: Callable[["CloudClient"], "DeviceCredential"], as_json: bool, given: dict[str, Any]) -> None:
    """Calls `act` once it is certain that the secret will find a place, then shows what came."""
    service = client(given)
    if not given["out"]:
        _show(act(service), as_json, given)
        return
    from host_tools.interrupts import Interrupts

    # An interrupt waits, so that no credential is made whose secret is not kept and told of.
    with Interrupts(), SecretFile(given["out"], force=given["force"]) as file:
        made = act(service)
        file.write(made.for_device().payload() + b"\n")
        _show(made, as_json, given)


def _show(made: "DeviceCredential", as_json: bool, given: dict[str, Any]) -> None:
    facts: dict[str, Any] = {
        "client_id": made.client_id,
        "instance_id": made.instance_id,
        "key_id": made.key_id,
        "created_ms": made.created_ms,
        "updated_ms": made.updated_ms,
    }
    if given["show_secret"]:
        facts["secret"] = made.secret
    if given["out"]:
        facts["secret_file"] = given["out"]
    show(facts, as_json)
    if not given["out"] and not given["show_secret"]:
        talk("The secret is not shown; `devcred credential get` with --out FILE keeps it.")


def _agreed(
    act: str, client_id: str, as_json: bool, *, yes: bool, dry_run: bool, given: dict[str, Any]
) -> bool:
    """Whether to go on. A dry run shows what is there now, and fails where the act itself would."""
    from host_tools.cloud import credentials

    if dry_run:
        now = credentials.get(client(given), client_id)
        show({"client_id": client_id, "key_id": now.key_id, "dry_run": act}, as_json)
        return False
    if yes or click.confirm(f"{act} the credential of {client_id} on {given['instance']}?", err=True):
        return True
    raise ToolError("not confirmed, nothing was changed", where=act)
