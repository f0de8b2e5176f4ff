"""`devcred proxy`: faults in front of any broker, until it is told to stop."""

import json
from typing import Any

import click

from host_tools.cli.render import json_option, show
from host_tools.errors import UsageError


@click.command()
@click.option("--to", "target", required=True, metavar="HOST:PORT", help="The broker.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0 takes a free one."
)
@click.option(
    "--fault", "faults", multiple=True, metavar="JSON", help="A fault; repeatable, the first strikes."
)
@click.option("--seed", type=int, help="Where chance starts from; drawn and shown if not given.")
@click.option(
    "--tls-name",
    "names",
    multiple=True,
    metavar="HOST",
    help="End TLS here, as HOST; repeatable.",
)
@click.option("--ca-out", metavar="FILE", help="Where to write the CA (DER) that a device has to trust then.")
@click.option("--raw", is_flag=True, help="Do not read MQTT: faults at bytes and connections alone.")
@json_option
def proxy(
    target: str,
    port: int,
    faults: tuple[str, ...],
    seed: int | None,
    names: tuple[str, ...],
    ca_out: str | None,
    raw: bool,
    as_json: bool,
) -> None:
    """Pass connections on to a broker, and have faults strike on the way.

    Faults are those of `devcred twin faults`, at listener, accept, hello (TLS), and, where MQTT goes in
    clear or TLS ends here, at connack, in and out. Where it ends here the broker gets MQTT in clear, and
    the CA is made anew with each start. Runs until SIGTERM (exit code 0) or Ctrl-C (130).

    \b
    Examples:
      devcred proxy --to 127.0.0.1:1883 --fault '{"where": "out", "what": "drop", "packet": "PUBACK"}'
      devcred proxy --to broker.example:8883 --fault '{"where": "hello", "what": "reset", "times": 3}'
      devcred proxy --to 127.0.0.1:1883 --tls-name broker.example --ca-out ca.der \\
          --fault '{"where": "hello", "what": "certificate", "certificate": "expired"}'
      devcred proxy --to 127.0.0.1:1883 --seed 7 \\
          --fault '{"where": "in", "what": "reset", "probability": 0.01, "times": 0}'
    """
    from host_tools.cli.servers import until_stopped
    from host_tools.twin.faults import Fault, FaultBook
    from host_tools.twin.proxy import ProxyThread
    from host_tools.twin.proxy.tls import TlsEnd

    if bool(names) != bool(ca_out):
        raise UsageError("must be given together", where="--tls-name, --ca-out")
    rules = [Fault.from_json(_json(text)) for text in faults]
    book = FaultBook(seed)
    try:
        tls = TlsEnd(list(names)) if names else None
    except ValueError as error:
        raise UsageError(f"cannot stand in a certificate ({error})", where="--tls-name") from None
    made = ProxyThread(_address(target), port=port, faults=book, aware=not raw, tls=tls)

    def announce(running: ProxyThread) -> None:
        if tls is not None and ca_out is not None:
            _write_new(ca_out, tls.ca_der)
        for rule in rules:
            running.faults.add(rule)
        show({"port": running.port, "to": target, "seed": book.seed, "faults": len(rules)}, as_json)

    until_stopped(made, announce)


def _write_new(path: str, content: bytes) -> None:
    try:
        with open(path, "xb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", where=path, do="name a new file") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("is not JSON", where="--fault", do='it reads {"where": ..., "what": ...}') from None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"{text!r} does not read HOST:PORT", where="--to")
    return host.strip("[]"), int(port)
