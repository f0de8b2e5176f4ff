"""What `devcred twin` does: runs the twin and tells its users what they must know of it."""

import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host_tools.cli import open_files
from host_tools.cli.render import line, talk
from host_tools.cli.servers import until_stopped
from host_tools.cloud import endpoint
from host_tools.errors import UsageError

if TYPE_CHECKING:
    from host_tools.twin import TraceEntry

_CONNECTIONS = 10_000
"""What the twin is made to hold."""


def run(chosen: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Runs it until it is stopped; `options` are those of the command line, by their names."""
    if not endpoint.parse(f"{options['host']}:1").loopback:
        talk("Other computers can reach this twin, its control plane in clear; it is made for this one.")
    room = open_files.allow(_CONNECTIONS)
    if room < _CONNECTIONS:
        talk(f"About {room} clients can be connected at once: this shell allows no more open files.")
    quiet, state = options.pop("quiet"), options.pop("state")
    # "devcred" is there by default, also beside topics of one's own.
    options["topics"] = tuple(dict.fromkeys(("devcred", *options["topics"])))
    options["on_trace"] = None if quiet else _trace
    until_stopped(_running(state, chosen, options), line if as_json else _explain)


@contextmanager
def _running(state: str | None, chosen: tuple[str, ...], options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The twin, as the facts about it."""
    from host_tools.twin import Settings, TwinThread
    from host_tools.twin.readings import parse
    from host_tools.twin.reset import CA_FILE, SECRET_FILE

    settings = Settings(**parse(Settings, chosen))
    with tempfile.TemporaryDirectory(prefix="devcred-twin-") as private:
        made = TwinThread(state_dir=Path(state) if state else None, settings=settings, **options)
        with made as running:
            folder = Path(state or private)
            ca_file = _kept(folder / CA_FILE, running.ca_der)
            secret_file = _kept(folder / SECRET_FILE, running.access_key_secret.encode())
            yield {
                "mqtt_port": running.mqtt_port,
                "tls_port": running.tls_port,
                "ws_port": running.ws_port,
                "wss_port": running.wss_port,
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
    """One event, in the words of the service's connection trace; what is ours stands in brackets."""
    more = f" ({entry.detail})" if entry.detail else ""
    try:
        talk(f"twin {entry.action} {entry.client_id or '-'}: {entry.info}{more}")
    except OSError:
        # Whoever read stderr has gone: no reason to drop a client, and nobody to tell of the next.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _explain(facts: dict[str, Any], say: Callable[[str], None] = click.echo) -> None:
    """For a person: what runs where, and lines to paste. The secret stays in its file."""
    secret = f'"$(cat {shlex.quote(facts["access_key_secret_file"])})"'
    say(f"instance:      {facts['instance_id']} ({facts['host_name']})")
    say(f"MQTT:          port {facts['mqtt_port']}, with TLS {facts['tls_port']}")
    say(f"WebSocket:     port {facts['ws_port']}, with TLS {facts['wss_port']}; path /mqtt")
    say(f"CA (DER):      {facts['ca_file']}")
    say(f"control plane: {facts['endpoint']}")
    say(f"groups:        {', '.join(facts['groups']) or '-'}")
    say(f"parent topics: {', '.join(facts['topics'])}")
    say("\nFor the shell that uses it:")
    say(f"export DEVCRED_ENDPOINT={facts['endpoint']}")
    say(f"export DEVCRED_INSTANCE={facts['instance_id']}")
    say(f"export DEVCRED_CA={shlex.quote(facts['ca_file'])}")
    say(f"export ALIBABA_CLOUD_ACCESS_KEY_ID={facts['access_key_id']}")
    say(f"export ALIBABA_CLOUD_ACCESS_KEY_SECRET={secret}")
