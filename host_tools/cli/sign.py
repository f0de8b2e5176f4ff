"""`devcred sign`: what a client sends in CONNECT."""

import sys

import click

from devcred import signing, topics
from host_tools.cli import files
from host_tools.cli.render import json_option, show
from host_tools.errors import UsageError

_DEVICE = ("key_id", "secret_file", "secret_stdin")
_TOKEN = ("access_key_id", "tokens_file")


@click.command()
@click.option("--mode", type=click.Choice(["device", "token"]), required=True, help="Authentication mode.")
@click.option("--client-id", required=True, help="GID_...@@@..., exactly as CONNECT will carry it.")
@click.option("--instance", envvar="DEVCRED_INSTANCE", show_envvar=True, required=True, help="Instance ID.")
@click.option("--key-id", help="device: the DeviceAccessKeyId.")
@click.option("--secret-file", type=click.Path(), help="device: file with the DeviceAccessKeySecret.")
@click.option("--secret-stdin", is_flag=True, help="device: read the DeviceAccessKeySecret from stdin.")
@click.option("--access-key-id", help="token: the AccessKey ID of the account that applied for the tokens.")
@click.option("--tokens-file", type=click.Path(), help='token: JSON file, such as {"R": "...", "W": "..."}.')
@json_option
def sign(mode: str, client_id: str, instance: str, as_json: bool, **given: str | bool | None) -> None:
    """Compute the user name and password of an MQTT connection. Nothing is sent anywhere.

    A secret is read from a file or from stdin, never from the command line; one newline at its
    end is left out.

    \b
    Example:
      devcred sign --mode device --client-id GID_Test@@@0001 --key-id YYYYY \\
          --instance mqtt-xxxxx --secret-file secret.txt --json
    """
    _only(mode, given)
    with files.rules():
        topics.check_client_id(client_id)
        name, password = (_device if mode == "device" else _token)(client_id, instance, given)
    show({"client_id": client_id, "username": name, "password": password}, as_json)


def _device(client_id: str, instance: str, given: dict[str, str | bool | None]) -> tuple[str, str]:
    if bool(given["secret_file"]) == bool(given["secret_stdin"]):
        raise click.UsageError("give either --secret-file or --secret-stdin")
    key_id = _needed(given, "key_id")
    name = signing.device_username(key_id, instance)
    return name, signing.password(client_id, _secret(given))


def _token(client_id: str, instance: str, given: dict[str, str | bool | None]) -> tuple[str, str]:
    name = signing.token_username(_needed(given, "access_key_id"), instance)
    tokens = files.read_json(_needed(given, "tokens_file"), "--tokens-file")
    return name, signing.token_password(tokens)


def _secret(given: dict[str, str | bool | None]) -> bytes:
    if given["secret_stdin"]:
        where, content = "--secret-stdin", sys.stdin.buffer.read()
    else:
        where, content = "--secret-file", files.read(str(given["secret_file"]), "--secret-file")
    secret = content.removesuffix(b"\r\n" if content.endswith(b"\r\n") else b"\n")
    if not secret:
        raise UsageError("the secret is empty", where=where, do="check where it comes from")
    return secret


def _needed(given: dict[str, str | bool | None], name: str) -> str:
    value = given[name]
    if not value:
        raise click.UsageError(f"this mode needs {_option(name)}")
    return str(value)


def _only(mode: str, given: dict[str, str | bool | None]) -> None:
    """An option of the other mode is a mistake about which mode is meant."""
    for name in _TOKEN if mode == "device" else _DEVICE:
        if given[name]:
            raise click.UsageError(f"{_option(name)} does not belong to --mode {mode}")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
