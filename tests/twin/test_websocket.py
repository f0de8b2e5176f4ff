"""MQTT over WebSocket, plain and TLS: frames however they are cut, and what is no MQTT."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from queue import Queue
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.decode import FROM_SERVER, Decoder
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import (
    Connack,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
)
from host_tools.twin.trace import Action, Info
from tests.twin.conftest import credentials_for, new_client_id

MQTT = Subprotocol("mqtt")
DEADLINE_S = 3
Start = Callable[..., TwinThread]


class Frames:
    """A WebSocket client that sends what it is told and shows the packets that come back."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self._decoder = Decoder(FROM_SERVER, 1 << 20)

    def receive(self) -> Packet:
        while (packet := self._decoder.next()) is None:
            data = self.ws.recv(timeout=DEADLINE_S)
            assert isinstance(data, bytes)
            self._decoder.feed(data)
        return packet

    def close_code(self) -> int:
        """The code of the close frame, which must come next."""
        with pytest.raises(ConnectionClosed) as caught:
            self.ws.recv(timeout=DEADLINE_S)
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code


@pytest.fixture
def opened(twin: TwinThread) -> Iterator[Callable[..., Frames]]:
    """Opens WebSockets, to the shared twin if no other is given; they are closed with the test."""
    with ExitStack() as stack:

        def make(where: TwinThread = twin, path: str = "/mqtt") -> Frames:
            url = f"ws://127.0.0.1:{where.ws_port}{path}"
            return Frames(stack.enter_context(connect(url, subprotocols=[MQTT], proxy=None)))

        yield make


def logged_in(twin: TwinThread, frames: Frames) -> Frames:
    frames.ws.send(encode(credentials_for(twin, new_client_id())))
    assert frames.receive() == Connack(False, 0)
    return frames


def test_the_subprotocol_is_agreed_on(twin: TwinThread, opened: Callable[..., Frames]) -> None:
    frames = logged_in(twin, opened())
    assert frames.ws.subprotocol == "mqtt"
    frames.ws.send(encode(Subscribe(1, [("devcred/ws", 1)])))
    assert frames.receive() == Suback(1, [1])
    frames.ws.send(encode(Publish("devcred/ws", b"hi", 1, packet_id=2)))
    assert {type(frames.receive()) for _ in range(2)} == {Puback, Publish}


def test_a_query_behind_the_path_is_fine(opened: Callable[..., Frames]) -> None:
    assert opened(path="/mqtt?x=1").ws.subprotocol == "mqtt"


def test_many_packets_in_one_frame(twin: TwinThread, opened: Callable[..., Frames]) -> None:
    frames = opened()
    connect_packet = credentials_for(twin, new_client_id())
    frames.ws.send(b"".join(encode(each) for each in (connect_packet, Pingreq(), Pingreq())))
    assert [frames.receive() for _ in range(3)] == [Connack(False, 0), Pingresp(), Pingresp()]


def test_a_packet_in_many_frames_and_in_fragments(twin: TwinThread, opened: Callable[..., Frames]) -> None:
    frames = opened()
    data = encode(credentials_for(twin, new_client_id()))
    for byte in data[:9]:
        frames.ws.send(bytes((byte,)))
    frames.ws.send(iter([data[9:12], b"", data[12:30]]))  # one message in fragments
    frames.ws.send(data[30:] + encode(Pingreq())[:1])
    assert frames.receive() == Connack(False, 0)
    frames.ws.send(encode(Pingreq())[1:])
    assert frames.receive() == Pingresp()


def test_frames_cut_anywhere_by_the_network(twin: TwinThread, opened: Callable[..., Frames]) -> None:
    frames = opened()
    payload = encode(credentials_for(twin, new_client_id()))
    for byte in Frame(Opcode.BINARY, payload).serialize(mask=True):
        frames.ws.socket.sendall(bytes((byte,)))
    assert frames.receive() == Connack(False, 0)


def test_a_ping_of_websocket_is_answered_between_fragments(
    twin: TwinThread, opened: Callable[..., Frames]
) -> None:
    frames = logged_in(twin, opened())
    first, last = encode(Pingreq())[:1], encode(Pingreq())[1:]
    pong = frames.ws.ping()
    frames.ws.socket.sendall(Frame(Opcode.BINARY, first, fin=False).serialize(mask=True))
    again = frames.ws.ping()
    frames.ws.socket.sendall(Frame(Opcode.CONT, last).serialize(mask=True))
    assert frames.receive() == Pingresp()
    assert pong.wait(DEADLINE_S) and again.wait(DEADLINE_S)


def last_info(twin: TwinThread) -> Info:
    return [each.info for each in twin.trace if each.action is Action.CLOSE][-1]


def test_text_closes(start_twin: Start, opened: Callable[..., Frames]) -> None:
    twin = start_twin()
    frames = logged_in(twin, opened(twin))
    frames.ws.send("text")
    assert frames.close_code() == 1003
    assert last_info(twin) is Info.INVALID


def test_frames_against_the_rules_close(start_twin: Start, opened: Callable[..., Frames]) -> None:
    twin = start_twin()
    for frame in (
        Frame(Opcode.BINARY, b"\xc0\x00").serialize(mask=False),
        Frame(Opcode.CONT, b"").serialize(mask=True),
        b"\xff\xff\xff",
        b"\x82\xff" + (1 << 40).to_bytes(8, "big") + b"mask",
    ):
        frames = logged_in(twin, opened(twin))
        frames.ws.socket.sendall(frame)
        assert frames.close_code() in (1002, 1009)
        assert last_info(twin) is Info.INVALID


def test_the_end_has_a_close_frame_either_way(twin: TwinThread, opened: Callable[..., Frames]) -> None:
    frames = logged_in(twin, opened())
    frames.ws.send(encode(Disconnect()))
    assert frames.close_code() == 1000
    frames = logged_in(twin, opened())
    frames.ws.send(encode(Publish("nowhere/a", b"")))
    assert frames.close_code() == 1000
    frames = logged_in(twin, opened())
    frames.ws.close(1000)
    assert frames.ws.close_code == 1000


def test_a_refused_login_shows_its_code(twin: TwinThread, opened: Callable[..., Frames]) -> None:
    frames = opened()
    connect_packet = credentials_for(twin, new_client_id(), password=b"wrong")
    frames.ws.send(encode(connect_packet))
    assert frames.receive() == Connack(False, 5)
    assert frames.close_code() == 1000


def status(twin: TwinThread, path: str, subprotocols: list[Subprotocol] | None) -> int:
    with (
        pytest.raises(InvalidStatus) as caught,
        connect(f"ws://127.0.0.1:{twin.ws_port}{path}", subprotocols=subprotocols, proxy=None),
    ):
        pass
    return caught.value.response.status_code


def test_another_path_or_subprotocol_is_no_mqtt(twin: TwinThread) -> None:
    assert status(twin, "/", [MQTT]) == 404
    assert status(twin, "/mqtt/x", [MQTT]) == 404
    assert status(twin, "/mqtt", None) == 400
    assert status(twin, "/mqtt", [Subprotocol("mqttv3.1"), Subprotocol("chat")]) == 400


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\r\n\r\n", b"\x10\x0c\x00\x04MQTT\r\n\r\n", b"\r\n\r\n"])
def test_what_is_no_websocket_is_closed(twin: TwinThread, head: bytes) -> None:
    assert twin.ws_port is not None
    with socket.create_connection(("127.0.0.1", twin.ws_port), DEADLINE_S) as plain:
        plain.sendall(head)
        while plain.recv(4096):
            pass


def test_silence_before_the_handshake_is_closed(start_twin: Start) -> None:
    twin = start_twin(settings=Settings(connect_timeout_s=0.2))
    assert twin.ws_port is not None
    with socket.create_connection(("127.0.0.1", twin.ws_port), DEADLINE_S) as plain:
        plain.sendall(b"GET /mqtt HT")
        assert plain.recv(1) == b""
    assert last_info(twin) is Info.NO_HEART


def test_it_can_be_left_out(start_twin: Start) -> None:
    twin = start_twin(ws_port=None, wss_port=None)
    assert (twin.ws_port, twin.wss_port) == (None, None)


@contextmanager
def paho_over(twin: TwinThread, tls: ssl.SSLContext | None) -> Iterator[tuple[Any, Queue[bytes]]]:
    login = credentials_for(twin, new_client_id())
    client = paho.Client(CallbackAPIVersion.VERSION2, login.client_id, transport="websockets")
    client.username_pw_set(login.username, (login.password or b"").decode())
    if tls is not None:
        client.tls_set_context(tls)
    ready, messages = threading.Event(), Queue[bytes]()
    client.on_connect = lambda client, *rest: client.subscribe("devcred/big/+", 1)
    client.on_subscribe = lambda *arguments: ready.set()
    client.on_message = lambda client, data, message: messages.put(bytes(message.payload))
    client.connect("localhost" if tls else "127.0.0.1", (twin.wss_port if tls else twin.ws_port) or 0)
    client.loop_start()
    try:
        assert ready.wait(DEADLINE_S)
        yield client, messages
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize("secure", [False, True])
def test_paho_over_it(twin: TwinThread, secure: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if secure else None
    if context is not None:
        context.load_verify_locations(cadata=twin.ca_der)
    with paho_over(twin, context) as (client, messages):
        for size in (0, 125, 126, 65000, 65536):
            payload = bytes(size)
            client.publish(f"devcred/big/{size}", payload, qos=1)
            assert messages.get(timeout=DEADLINE_S) == payload
