"""`devcred twin faults`: set faults on a running twin, over HTTP."""

import http.client
import json
from dataclasses import fields
from typing import Any

import click

from host_tools.cli.render import json_option, line, show
from host_tools.cloud import endpoint as endpoints
from host_tools.errors import MachineError, ToolError, UsageError

_PATH = "/twin/faults"
_DEADLINE_S = 10.0

endpoint_option = click.option(
    "--endpoint",
    envvar="DEVCRED_ENDPOINT",
    default="http://127.0.0.1:8080",
    show_default=True,
    help="The twin's control plane; also DEVCRED_ENDPOINT.",
)


@click.group()
def faults() -> None:
    """Set faults on a running twin, and see what came of them.

    A fault says where it strikes (a listener, an accepted connection, a TLS ClientHello, the CONNACK,
    packets in and out, operations of the control plane) and what happens there; `kinds` lists them all.
    """


@faults.command()
def kinds() -> None:
    """List every place, the fields that choose among its events, and what may happen there.

    A field that ends in ! must be given. All faults take nth, times (1 if not given, 0 for no limit),
    probability and lasts_s.
    """
    from host_tools.twin.faults.vocabulary import PLACES

    for where, place in PLACES.items():
        click.echo(f"where={where}  {' '.join(place.match)}")
        for what, how in place.actions.items():
            click.echo(f"  what={what}  {' '.join(how)}".rstrip())


@faults.command()
@click.argument("given", nargs=-1, required=True, metavar="FIELD=VALUE...")
@endpoint_option
@json_option
def add(given: tuple[str, ...], endpoint: str, as_json: bool) -> None:
    """Set a fault.

    \b
    Examples:
      devcred twin faults add where=out what=drop packet=PUBACK times=3
      devcred twin faults add where=in what=close packet=SUBSCRIBE client_id='GID_shop@@@*'
      devcred twin faults add where=hello what=certificate certificate=expired
      devcred twin faults add where=api what=lost operation=RegisterDeviceCredential
    """
    show(_ask(endpoint, "POST", _PATH, dict(map(_field, given))), as_json)


@faults.command("list")
@endpoint_option
@json_option
def list_all(endpoint: str, as_json: bool) -> None:
    """Show what is set, and how often it met an event and struck."""
    for fault in _ask(endpoint, "GET", _PATH)["faults"]:
        if as_json:
            line(fault)
        else:
            click.echo(" ".join(f"{name}={value}" for name, value in fault.items()))


@faults.command()
@click.argument("numbers", nargs=-1, type=int, metavar="[NUMBER]...")
@endpoint_option
def clear(numbers: tuple[int, ...], endpoint: str) -> None:
    """Take faults away, all if no number is given; what they hold up goes on."""
    for path in [f"{_PATH}/{number}" for number in numbers] or [_PATH]:
        _ask(endpoint, "DELETE", path)


def _field(text: str) -> tuple[str, Any]:
    """A name and its value, a number where the field is one."""
    from host_tools.twin.faults import Fault

    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} does not read FIELD=VALUE", where="faults")
    numeric = {each.name for each in fields(Fault) if isinstance(each.default, int | float)}
    if name not in numeric:
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        raise UsageError("must be a number", where=name) from None


def _ask(endpoint: str, method: str, path: str, body: Any = None) -> Any:
    where = endpoints.parse(endpoint)
    if not where.loopback:
        raise UsageError("faults are set on this computer alone", where="--endpoint")
    connection = http.client.HTTPConnection(where.address, timeout=_DEADLINE_S)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException):
        raise MachineError("no twin answers", where=where.address, do="start one: devcred twin") from None
    finally:
        connection.close()
    return _told(answer.status, text)


def _told(status: int, text: bytes) -> Any:
    if status == http.client.NO_CONTENT:
        return None
    try:
        told = json.loads(text)
    except ValueError:
        told = {}
    if status < 300 and isinstance(told, dict):
        return told
    error = str(told.get("error", f"HTTP {status}, not a twin's answer"))
    raise UsageError(error) if status == 400 else ToolError(error)
