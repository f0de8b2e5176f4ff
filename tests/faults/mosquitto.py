"""The same plays before a real broker: mosquitto with logins and TLS, and the proxy before that."""

import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from devcred.credential import Credential
from host_tools.boards.bundle import agent_files, device_files
from host_tools.boards.definition import load_board
from host_tools.twin import certs
from host_tools.twin.proxy import ProxyThread
from host_tools.twin.proxy.tls import TlsEnd
from tests.conformance.brokers import end, mosquitto, program
from tests.e2e.device import GROUP, WIFI, WORKING, switched_on
from tests.faults.play import APP, CONFIG, Listener, Outcome, aimed, all_struck, followed
from tests.faults.rows import Row

HOST = "mosquitto.example"
INSTANCE = "mqtt-cn-mosquitto"
# The plain port last, as that it answers tells that both do. `user` keeps a mosquitto that root starts from
# becoming somebody who cannot read this folder; anybody else's ignores it.
_CONFIG = """\
listener {{tls_port}} 127.0.0.1
certfile {folder}/server.pem
keyfile {folder}/server.pem
listener {{port}} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
persistence true
persistence_location {folder}/
set_tcp_nodelay true
user root
log_type error
"""


@dataclass(frozen=True)
class Pair:
    """Who takes part in one play: the device, and the subscriber that ticks off its messages."""

    device: Credential
    listener: Credential


def new_pair(number: int, mode: str) -> Pair:
    """Accounts of their own for play `number`; in Token mode the user name is every device's."""
    name = f"{GROUP}@@@device-{number}"
    if mode == "Token":
        device = Credential(name, INSTANCE, "LTAI.mosquitto", tokens={"RW": _TOKEN})
    else:
        device = _credential(name)
    return Pair(device, _credential(f"{GROUP}@@@listener-{number}"))


_TOKEN = secrets.token_urlsafe(48)


def _credential(client_id: str) -> Credential:
    return Credential(client_id, INSTANCE, f"DC.{secrets.token_hex(8)}", secret=secrets.token_urlsafe(20))


class Site:
    """A mosquitto that these pairs may log in to, and what a device has to trust.

    Its own TLS port has a certificate under the CA of `end`, which is where TLS ends at a proxy.
    """

    def __init__(self, folder: Path, pairs: Sequence[Pair], tls: TlsEnd, running: ExitStack) -> None:
        self.tls = tls
        self._running = running
        (folder / "server.pem").write_text(certs.server_pem(tls.authority, [HOST], time.time()))
        _write_passwords(folder / "passwords", pairs)
        self._broker = running.enter_context(mosquitto(folder, _CONFIG.format(folder=folder)))
        assert self._broker.process is not None
        self._process = self._broker.process

    @property
    def port(self) -> int:
        return self._broker.port

    @property
    def tls_port(self) -> int:
        return self._broker.tls_port

    def signal(self, number: int) -> None:
        """SIGSTOP: it does nothing any more, while its sockets stand; SIGCONT ends that."""
        os.kill(self._process.pid, number)

    def restart(self) -> None:
        """As a machine's owner does it, so that it writes down what it has promised to deliver."""
        self._process.terminate()
        self._process.wait()
        self._process = subprocess.Popen(self._process.args, stderr=subprocess.DEVNULL)
        self._running.callback(end, self._process)


@contextmanager
def site(folder: Path, pairs: Sequence[Pair], tls: TlsEnd) -> Iterator[Site]:
    """One that runs; all of it ends with the block."""
    folder.mkdir()
    with ExitStack() as running:
        yield Site(folder, pairs, tls, running)


def _write_passwords(path: Path, pairs: Sequence[Pair]) -> None:
    held = {each.username: each.password() for pair in pairs for each in (pair.device, pair.listener)}
    path.touch(0o600)
    path.write_text("".join(f"{name}:{password}\n" for name, password in held.items()))
    subprocess.run([program("mosquitto_passwd"), "-U", str(path)], check=True, capture_output=True)


def play_before(site: Site, row: Row, board_id: str, pair: Pair, folder: Path) -> Outcome:
    """As `play.play`, with the row's faults at a proxy before `site`.

    Faults of TLS itself meet mosquitto's own TLS, which passes through the proxy. For those at packets, and
    for wrong certificates, TLS ends at the proxy, as nobody can see into it otherwise.
    """
    inside = any(fault["where"] not in ("accept", "hello") or "certificate" in fault for fault in row.faults)
    way = (site.port, site.tls) if inside else (site.tls_port, None)
    with ProxyThread(("127.0.0.1", way[0]), tls=way[1], aware=inside) as proxy:
        for fault in row.faults:
            here = {name: value for name, value in fault.items() if name != "listener"}
            proxy.faults.add(**aimed(here, pair.device.client_id))
        return _play(site, row, board_id, pair, folder, proxy.port, lambda _: all_struck(proxy.faults))


def play_act(
    site: Site, row: Row, act: Callable[[Site, Pair], None], board_id: str, pair: Pair, folder: Path
) -> Outcome:
    """What no proxy can play: `act` is done to the broker once the device is online."""

    def strikes(outcome: Outcome) -> bool:
        if outcome.online:
            act(site, pair)
        return outcome.online

    return _play(site, row, board_id, pair, folder, site.tls_port, strikes)


def _play(
    site: Site,
    row: Row,
    board_id: str,
    pair: Pair,
    folder: Path,
    port: int,
    strikes: Callable[[Outcome], bool],
) -> Outcome:
    folder.mkdir(exist_ok=True)
    board = load_board(board_id)
    settings = {"client_id": pair.device.client_id, "host": HOST} | WORKING | CONFIG
    files = agent_files(board) | device_files(settings, site.tls.ca_der, pair.device, WIFI)
    files["/app.py"] = APP
    routes = {f"{HOST}:8883": ("127.0.0.1", port)}
    with (
        Listener(pair.listener, site.port, pair.device.client_id) as listener,
        switched_on(board, folder / "board.img", files, routes) as on,
    ):
        return followed(row, strikes, *on, listener)
