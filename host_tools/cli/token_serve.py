"""`devcred token serve`: one replica of the token server, until it is told to stop."""

import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from host_tools.cli.render import json_option, line, talk
from host_tools.cli.servers import until_stopped
from host_tools.cli.service import SERVICE, options
from host_tools.cli.token_state import STATE, state
from host_tools.errors import UsageError
from host_tools.tokens.policy import MAX_LIFE_S, MIN_LIFE_S

_RATE = click.FloatRange(0.1, 10_000)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8443, show_default=True, help="0 takes a free port."
)
@click.option("--tls-cert", type=click.Path(dir_okay=False), help="Certificate chain, PEM.")
@click.option("--tls-key", type=click.Path(dir_okay=False), help="Its key, PEM, without a password.")
@click.option(
    "--behind-proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="A proxy that does TLS, whose X-Forwarded-For counts; repeatable.",
)
@click.option(
    "--life-s",
    type=click.IntRange(MIN_LIFE_S, MAX_LIFE_S),
    default=86_400,
    show_default=True,
    help="Life of tokens where the account does not say.",
)
@click.option(
    "--challenge-s", type=click.IntRange(5, 600), default=60, show_default=True, help="Life of a nonce."
)
@click.option("--address-rate", type=_RATE, default=50.0, show_default=True, help="Requests/s of an address.")
@click.option(
    "--account-rate", type=_RATE, default=1.0, show_default=True, help="Deliveries/s of an account."
)
@click.option(
    "--audit-days", type=click.IntRange(1, 3650), default=90, show_default=True, help="Kept in the audit."
)
@click.option(
    "--drain-s",
    type=click.FloatRange(0, 40),
    default=0.0,
    show_default=True,
    help="Seconds of serving on after SIGTERM, while /readyz says no.",
)
@options(STATE, SERVICE)
@json_option
def serve(as_json: bool, **given: Any) -> None:
    """Run one replica of the token server: it proves devices and hands them tokens.

    Runs until SIGTERM (exit code 0) or Ctrl-C (130); SIGHUP reads the certificate anew. Events go
    to stderr, a JSON object a line. Replicas share --database and the folder's server.key.

    \b
    Example:
      devcred token serve --state tokens --tls-cert chain.pem --tls-key key.pem --host 0.0.0.0
    """
    until_stopped(_running(given), line if as_json else _explain)


@contextmanager
def _running(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from functools import partial

    from host_tools.cloud.client import connect
    from host_tools.loop_thread import LoopThread
    from host_tools.tokens import control
    from host_tools.tokens.server import STOP_S, TokenServer

    opened = state(given)
    client = connect(given["endpoint"], given["region"], given["instance"])
    make_client = partial(client.like, timeouts=control.TIMEOUTS, policy=control.ONCE)
    server = TokenServer(opened, make_client, _serving(given))
    with LoopThread(server, "devcred-tokens", stop_s=STOP_S) as thread:
        signal.signal(signal.SIGHUP, lambda number, frame: thread.call(server.reload_certificates))
        scheme = "https" if given["tls_cert"] else "http"
        host = f"[{given['host']}]" if ":" in given["host"] else given["host"]
        yield {
            "url": f"{scheme}://{host}:{server.port}",
            "port": server.port,
            "replica": server.replica,
            "admin_key_file": str((opened.folder / "admin.key").absolute()),
            "state": str(opened.folder.absolute()),
            "instance_id": given["instance"],
        }


def _serving(given: dict[str, Any]) -> Any:
    from host_tools.cloud import endpoint
    from host_tools.tokens.parts import Limits
    from host_tools.tokens.server import Serving

    if bool(given["tls_cert"]) != bool(given["tls_key"]):
        raise click.UsageError("--tls-cert and --tls-key go together")
    host = given["host"]
    is_loopback = endpoint.parse(f"[{host}]:1" if ":" in host else f"{host}:1").loopback
    if not given["tls_cert"] and not given["proxies"] and not is_loopback:
        raise UsageError(
            "tokens are not handed out in clear",
            where="--host",
            do="give --tls-cert and --tls-key, or --behind-proxy with the address of one that does TLS",
        )
    return Serving(
        host=host,
        port=given["port"],
        tls=(Path(given["tls_cert"]), Path(given["tls_key"])) if given["tls_cert"] else None,
        proxies=given["proxies"],
        drain_s=given["drain_s"],
        limits=Limits(
            life_s=given["life_s"],
            challenge_s=given["challenge_s"],
            address_per_s=given["address_rate"],
            account_per_s=given["account_rate"],
            audit_days=given["audit_days"],
        ),
    )


def _explain(facts: dict[str, Any]) -> None:
    click.echo(f"token server: {facts['url']} (replica {facts['replica']})")
    click.echo(f"instance:     {facts['instance_id']}")
    click.echo(f"accounts:     devcred token account list --state {shlex.quote(facts['state'])}")
    click.echo(f"admin key:    {facts['admin_key_file']}")
    talk("Events follow, a JSON object a line.")
