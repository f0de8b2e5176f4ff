"""MQTT over WebSocket (MQTT 3.1.1 section 6): frames outside, the same connection inside."""

import asyncio
from typing import Any, cast

from websockets.exceptions import NegotiationError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from host_tools.twin.broker.connection import Connection
from host_tools.twin.trace import Info

PATH = "/mqtt"
SUBPROTOCOL = Subprotocol("mqtt")
_DATA = (Opcode.BINARY, Opcode.CONT)


class WebSocket(asyncio.Protocol):
    """One WebSocket, and the transport of one Connection.

    Frames are the client's affair: a packet may come in parts, many in one frame (MQTT-6.0.0-2).
    """

    def __init__(self, connection: Connection, max_packet_bytes: int) -> None:
        self._connection = connection
        self._protocol = ServerProtocol(
            subprotocols=[SUBPROTOCOL], select_subprotocol=_select, max_size=8 * max_packet_bytes
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connection.connection_made(_Framed(self._transport, self._protocol))

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        payload = self._payload()
        _send(self._protocol, self._transport)
        if payload:
            self._connection.data_received(payload)
        if self._protocol.parser_exc is not None:
            self._connection.close(Info.INVALID, "frames against the rules of WebSocket")

    def _payload(self) -> bytes:
        payload = bytearray()
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._answer(event)
            elif isinstance(event, Frame) and event.opcode in _DATA:
                payload += event.data
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "binary frames only")  # MQTT-6.0.0-1
                self._connection.close(Info.INVALID, "a frame of text")
                break
        return bytes(payload)

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.connection_lost(exc)

    def _answer(self, request: Request) -> None:
        response = self._protocol.accept(request)
        if response.status_code == 101 and request.path.split("?")[0] != PATH:
            response = self._protocol.reject(404, f"MQTT is at {PATH}\n")
        self._protocol.send_response(response)


def _select(protocol: ServerProtocol, offered: Any) -> Subprotocol:
    if SUBPROTOCOL not in offered:
        raise NegotiationError("the subprotocol mqtt is needed")  # MQTT-6.0.0-3
    return SUBPROTOCOL


def _send(protocol: ServerProtocol, transport: asyncio.Transport) -> None:
    for data in protocol.data_to_send():
        if not data:
            transport.close()  # the protocol has said the last word
        elif not transport.is_closing():
            transport.write(data)


class _Framed(asyncio.Transport):
    """The transport below, with each write in a frame of its own, and a farewell before the end."""

    def __init__(self, below: asyncio.Transport, protocol: ServerProtocol) -> None:
        super().__init__()
        self._below = below
        self._protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_binary(bytes(data))
            _send(self._protocol, self._below)

    def close(self) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
        _send(self._protocol, self._below)
        self._below.close()

    def abort(self) -> None:
        self._below.abort()

    def is_closing(self) -> bool:
        return self._below.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._below.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        return self._below.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._below.set_write_buffer_limits(high, low)

    def pause_reading(self) -> None:
        self._below.pause_reading()

    def resume_reading(self) -> None:
        self._below.resume_reading()
