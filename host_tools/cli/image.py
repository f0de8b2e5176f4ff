"""`devcred image`: file system images."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from host_tools.cli import files
from host_tools.cli.render import json_option, show
from host_tools.errors import UsageError

if TYPE_CHECKING:
    from host_tools.boards.definition import Board

_PARTS = ("config", "ca", "credential", "wifi", "device_key", "token_ca")


@click.group()
def image() -> None:
    """Build the file system image of a board."""


@image.command()
@click.option("--board", "board_id", required=True, help="Board ID; `devcred boards` lists them.")
@click.option("--out", required=True, type=click.Path(), help="The image; it may hold secrets (0600).")
@click.option("--force", is_flag=True, help="Overwrite the file of --out.")
@click.option("--empty", is_flag=True, help="A formatted file system with no files.")
@click.option("--config", type=click.Path(), help="Device configuration, JSON.")
@click.option("--ca", type=click.Path(), help="CA certificate of the server, DER.")
@click.option("--credential", type=click.Path(), help="What `devcred credential register --out` wrote.")
@click.option("--wifi", type=click.Path(), help="Wi-Fi networks, JSON: [[ssid, password], ...].")
@click.option(
    "--device-key",
    type=click.Path(),
    help="The device's key for its token server (token_host), in place of --credential or beside it.",
)
@click.option("--token-ca", type=click.Path(), help="CA certificate of the token server, DER, if another.")
@click.option("--features", help="What of the agent it carries, a,b,...; by default as board.json says.")
@click.option("--readable", is_flag=True, help="A file for each module, whose tracebacks need no map.")
@json_option
def build(
    board_id: str,
    out: str,
    force: bool,
    empty: bool,
    features: str | None,
    readable: bool,
    as_json: bool,
    **parts: str | None,
) -> None:
    """Build an image: the agent, and with its config, CA, credential and Wi-Fi all that makes it one device.

    \b
    Examples:
      devcred image build --board RPI_PICO_W --out empty.img --empty
      devcred image build --board ESP32_GENERIC --out till-1.img \\
          --config till-1.json --ca ca.der --credential till-1-credential.json --wifi wifi.json
      devcred image build --board ESP32_GENERIC --out till-2.img \\
          --config till-2.json --ca ca.der --device-key till-2.key --wifi wifi.json
      devcred image build --board RPI_PICO_W --out small.img --features outbox,token
    """
    from host_tools.boards.definition import load_board
    from host_tools.boards.image import build_image, write_image

    board = load_board(board_id)
    _check_config(parts["config"])
    _all_or_none(parts, empty)
    if readable and features:
        raise click.UsageError("--readable is the whole agent, and goes without --features")
    _free(out, force)
    content: dict[str, bytes] = {}
    if not empty:
        from host_tools.boards.bundle import agent_files, carried_features

        names = features.split(",") if features else None
        carried = None if readable else carried_features(board, names)
        content = _device(parts, board, carried) if parts["config"] else {}
        content |= agent_files(board, names, readable=readable)
    made = build_image(board, content)
    write_image(Path(out), made)
    show({"image": out, "board": board.id, "bytes": len(made), "files": sorted(content)}, as_json)


def _check_config(path: str | None) -> None:
    from devcred import config

    if path:
        with files.rules(path):
            config.parse(files.read(path, "--config"))


def _device(parts: dict[str, str | None], board: "Board", carried: list[str] | None) -> dict[str, bytes]:
    from devcred import credential
    from host_tools.boards.bundle import device_files

    paths = {name: path for name, path in parts.items() if path}
    held = None
    if "credential" in paths:
        with files.rules(paths["credential"]):
            held = credential.from_payload(files.read(paths["credential"], "--credential"))
    return device_files(
        files.read_json(paths["config"], "--config"),
        files.read(paths["ca"], "--ca"),
        held,
        files.read_json(paths["wifi"], "--wifi"),
        board,
        carried,
        device_key=_device_key(paths["device_key"]) if "device_key" in paths else None,
        token_ca_der=files.read(paths["token_ca"], "--token-ca") if "token_ca" in paths else None,
    )


def _device_key(path: str) -> bytes:
    """The key alone, or as `devcred token account add --out` wrote it."""
    given = files.read(path, "--device-key")
    if not given.lstrip().startswith(b"{"):
        return given
    held = files.read_json(path, "--device-key")
    if not isinstance(held.get("key"), str):
        raise UsageError("holds no key", where=path, do="give what `devcred token account add --out` wrote")
    return str(held["key"]).encode()


def _all_or_none(parts: dict[str, str | None], empty: bool) -> None:
    given = [name for name in _PARTS if parts[name]]
    if empty and given:
        raise click.UsageError(f"--empty goes without {_option(given[0])}")
    needed = [name for name in _PARTS[:4] if name != "credential" or "device_key" not in given]
    missing = [name for name in needed if name not in given]
    if given and missing:
        raise click.UsageError(f"a device needs {', '.join(map(_option, missing))} too")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _free(out: str, force: bool) -> None:
    path = Path(out)
    if path.is_dir() or (path.exists() and not force):
        raise UsageError("exists already", where=out, do="name another file, or give --force")
