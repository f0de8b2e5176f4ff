"""A device and the token server itself: HTTPS, the device's key, tokens that the service gives out."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from host_tools.loop_thread import LoopThread
from host_tools.tokens.server import STOP_S, Serving, TokenServer
from host_tools.tokens.state import open_state
from host_tools.twin import Settings, TwinThread
from host_tools.twin.certs import new_authority, server_pem
from host_tools.twin.clock import ManualClock
from tests.e2e import token_server
from tests.e2e.device import GROUP
from tests.e2e.test_device_tokens import online
from tests.e2e.token_play import playing
from tests.tokens.conftest import GENEROUS, client_factory, enter

CLIENT_ID = f"{GROUP}@@@tokens"


@dataclass
class Served:
    """What a device needs to know of the server."""

    key: str
    ca_der: bytes
    port: int


@contextlib.contextmanager
def serving(folder: Path, twin: TwinThread, clock: ManualClock, life_s: int) -> Iterator[Served]:
    """A replica over TLS, in a thread, by the play's clock."""
    authority = new_authority(clock())
    pem = folder / "server.pem"
    pem.write_text(server_pem(authority, [token_server.NAME], clock()))
    state = open_state(folder / "state", None)
    key = enter(state, CLIENT_ID, ("devcred/#", "devcred/settings"), ("devcred/#",), life_s=life_s)
    server = TokenServer(
        state, client_factory(twin), Serving(limits=GENEROUS, port=0, tls=(pem, pem)), clock=clock
    )
    ca = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    with LoopThread(server, "tokens", stop_s=STOP_S):
        yield Served(key, ca.public_bytes(Encoding.DER), server.port)


def test_renewed_by_the_token_server_itself(tmp_path: Path) -> None:
    settings = Settings(check_replay=False)

    def served_by(
        twin: TwinThread, clock: ManualClock, life_s: int
    ) -> contextlib.AbstractContextManager[Served]:
        return serving(tmp_path, twin, clock, life_s)

    with playing(tmp_path, settings=settings, life_s=300, served_by=served_by) as play:
        # The server's own first call to the service takes a while.
        play.until(lambda: online(play), step_s=0)
        before = len(play.losses())
        # A read and a write token, two renewals of each.
        play.until(lambda: play.count("token", "uploaded") >= 4)
        play.settle()
        assert play.losses()[before:] == []
        assert {each.value("type") for each in play.said if "uploaded" in each.text} == {"R", "W"}
