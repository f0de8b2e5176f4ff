"""Faults at packets that travel in WebSocket frames: the same, as far as a client can tell."""

import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from host_tools.twin import TwinThread
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Pingreq, Puback, Publish
from tests.twin.conftest import credentials_for, new_client_id

PUBLISH = encode(Publish("devcred/up", b"", 1, packet_id=5))
PUBACK = encode(Puback(5))
DEADLINE_S = 3


@pytest.fixture
def ws(faulty: TwinThread) -> Iterator[ClientConnection]:
    """Logged in."""
    url = f"ws://127.0.0.1:{faulty.twin.ws_port}/mqtt"
    with connect(url, subprotocols=[Subprotocol("mqtt")], proxy=None) as connection:
        connection.send(encode(credentials_for(faulty, new_client_id())))
        assert connection.recv(DEADLINE_S) == b"\x20\x02\x00\x00"
        yield connection


def test_an_acknowledgement_is_doubled_and_one_comes_late(faulty: TwinThread, ws: ClientConnection) -> None:
    faulty.faults.add(where="out", what="double", packet="PUBACK")
    faulty.faults.add(where="out", what="delay", packet="PUBACK", delay_ms=50)
    started = time.monotonic()
    ws.send(PUBLISH)
    assert ws.recv(DEADLINE_S) == PUBACK * 2
    ws.send(PUBLISH)
    assert ws.recv(DEADLINE_S) == PUBACK
    assert time.monotonic() - started >= 0.05


def test_a_black_hole(faulty: TwinThread, ws: ClientConnection) -> None:
    number = faulty.faults.add(where="in", what="hole", packet="PUBLISH")
    ws.send(PUBLISH)
    faulty.faults.wait_hit(number)
    ws.send(encode(Pingreq()))
    with pytest.raises(TimeoutError):
        ws.recv(0.1)
    faulty.faults.remove(number)
    assert [ws.recv(DEADLINE_S), ws.recv(DEADLINE_S)] == [PUBACK, b"\xd0\x00"]


@pytest.mark.parametrize(("what", "farewell"), [("close", True), ("reset", False)])
def test_the_end(faulty: TwinThread, ws: ClientConnection, what: str, farewell: bool) -> None:
    faulty.faults.add(where="out", what=what, packet="PUBACK")
    ws.send(PUBLISH)
    with pytest.raises(ConnectionClosed) as caught:
        ws.recv(DEADLINE_S)
    assert (caught.value.rcvd is not None) is farewell
