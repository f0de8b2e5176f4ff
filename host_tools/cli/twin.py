"""`devcred twin`: the service on this computer, until it is told to stop."""

import os
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host_tools.cli.render import json_option, line, talk
from host_tools.cli.servers import until_stopped
from host_tools.cloud import endpoint
from host_tools.errors import UsageError

if TYPE_CHECKING:
    from host_tools.twin import TraceEntry

_PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=_PORT, default=1883, show_default=True, help="MQTT; 0 takes a free port.")
@click.option("--tls-port", type=_PORT, default=8883, show_default=True, help="MQTT over TLS; 0 as above.")
@click.option("--api-port", type=_PORT, default=8080, show_default=True, help="Control plane; 0 as above.")
@click.option("--state", type=click.Path(file_okay=False), help="Folder that keeps the state over restarts.")
@click.option("--group", "groups", multiple=True, help="Group ID that exists from the start; repeatable.")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    default=("devcred",),
    show_default=True,
    help="Parent topic; repeatable.",
)
@json_option
def twin(state: str | None, as_json: bool, topics: tuple[str, ...], **options: Any) -> None:
    """Run a local twin of ApsaraMQ for MQTT: broker and control plane, with an account of its own.

    Runs until SIGTERM (exit code 0) or Ctrl-C (130). Connections are traced on stderr. The CA
    and the account's secret lie in the state folder, or else in a private one that goes with the twin.

    \b
    Examples:
      devcred twin --group GID_shop --topic shop
      devcred twin --port 0 --tls-port 0 --api-port 0 --json
    """
    if not endpoint.parse(f"{options['host']}:1").loopback:
        talk("Other computers can reach this twin, its control plane in clear; it is made for this one.")
    # "devcred" is there by default, also beside topics of one's own.
    every = tuple(dict.fromkeys(("devcred", *topics)))
    until_stopped(_running(state, {**options, "topics": every}), line if as_json else _explain)


@contextmanager
def _running(state: str | None, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The twin, and what its users must know of it."""
    from host_tools.twin import TwinThread

    with tempfile.TemporaryDirectory(prefix="devcred-twin-") as private:
        made = TwinThread(on_trace=_trace, state_dir=Path(state) if state else None, **options)
        with made as running:
            folder = Path(state or private)
            ca_file = _kept(folder / "ca.der", running.ca_der)
            secret_file = _kept(folder / "access-key-secret", running.access_key_secret.encode())
            yield {
                "mqtt_port": running.mqtt_port,
                "tls_port": running.tls_port,
                "api_port": running.api_port,
                "endpoint": f"http://{running.endpoint}",
                "host_name": running.host_name,
                "ca_file": ca_file,
                "instance_id": running.instance_id,
                "access_key_id": running.access_key_id,
                "access_key_secret_file": secret_file,
                "groups": list(running.groups),
                "topics": list(running.topics),
            }


def _kept(path: Path, content: bytes) -> str:
    """Writes a file for the owner alone, in place of an older one."""
    try:
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror})", where=str(path), do="name another --state folder"
        ) from None
    return str(path.absolute())


def _trace(entry: "TraceEntry") -> None:
    talk(f"twin {entry.action} {entry.client_id or '-'}: {entry.info} {entry.detail}".rstrip())


def _explain(facts: dict[str, Any]) -> None:
    """For a person: what runs where, and lines to paste. The secret stays in its file."""
    secret = f'"$(cat {shlex.quote(facts["access_key_secret_file"])})"'
    click.echo(f"instance:      {facts['instance_id']} ({facts['host_name']})")
    click.echo(f"MQTT:          port {facts['mqtt_port']}, with TLS {facts['tls_port']}")
    click.echo(f"CA (DER):      {facts['ca_file']}")
    click.echo(f"control plane: {facts['endpoint']}")
    click.echo(f"groups:        {', '.join(facts['groups']) or '-'}")
    click.echo(f"parent topics: {', '.join(facts['topics'])}")
    click.echo("\nFor the shell that uses it:")
    click.echo(f"export DEVCRED_ENDPOINT={facts['endpoint']}")
    click.echo(f"export DEVCRED_INSTANCE={facts['instance_id']}")
    click.echo(f"export DEVCRED_CA={shlex.quote(facts['ca_file'])}")
    click.echo(f"export ALIBABA_CLOUD_ACCESS_KEY_ID={facts['access_key_id']}")
    click.echo(f"export ALIBABA_CLOUD_ACCESS_KEY_SECRET={secret}")
