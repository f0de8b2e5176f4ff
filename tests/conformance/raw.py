"""MQTT 3.1.1 by hand: packets as bytes, and a socket that shows what came back.

Nothing here comes from the twin's own codec, so that a mistake there cannot excuse itself.
"""

import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

DEADLINE_S = 5.0
PINGREQ = b"\xc0\x00"
PINGRESP = b"\xd0\x00"
DISCONNECT = b"\xe0\x00"


def frame(first: int, body: bytes = b"") -> bytes:
    """One packet: first byte, remaining length, body."""
    length, left = bytearray(), len(body)
    while left > 127:
        length.append(left % 128 | 128)
        left //= 128
    return bytes((first, *length, left)) + body


def text(value: str | bytes) -> bytes:
    """A field with its length in front; bytes go as they are, UTF-8 or not."""
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def number(value: int) -> bytes:
    """A packet id."""
    return struct.pack("!H", value)


def connect(
    client_id: str | bytes = "",
    *rest: bytes,
    clean: bool = True,
    flags: int = 0,
    keepalive_s: int = 60,
    name: str | bytes = "MQTT",
    level: int = 4,
) -> bytes:
    """A CONNECT; `flags` are set beside clean session's, `rest` follows the client ID as it is."""
    head = text(name) + struct.pack("!BBH", level, flags | clean << 1, keepalive_s)
    return frame(0x10, head + text(client_id) + b"".join(rest))


def publish(
    topic: str | bytes,
    payload: bytes = b"",
    qos: int = 0,
    packet_id: int = 0,
    *,
    dup: bool = False,
    retain: bool = False,
) -> bytes:
    """A PUBLISH; at QoS 0 it has no packet id."""
    first = 0x30 | dup << 3 | qos << 1 | retain
    return frame(first, text(topic) + (number(packet_id) if qos else b"") + payload)


def connack(code: int = 0, *, present: bool = False) -> bytes:
    return bytes((0x20, 2, present, code))


def puback(packet_id: int) -> bytes:
    return frame(0x40, number(packet_id))


def pubrec(packet_id: int) -> bytes:
    return frame(0x50, number(packet_id))


def pubrel(packet_id: int) -> bytes:
    return frame(0x62, number(packet_id))


def pubcomp(packet_id: int) -> bytes:
    return frame(0x70, number(packet_id))


def subscribe(packet_id: int, *pairs: tuple[str | bytes, int]) -> bytes:
    return frame(0x82, number(packet_id) + b"".join(text(name) + bytes((qos,)) for name, qos in pairs))


def suback(packet_id: int, *codes: int) -> bytes:
    return frame(0x90, number(packet_id) + bytes(codes))


def unsubscribe(packet_id: int, *filters: str | bytes) -> bytes:
    return frame(0xA2, number(packet_id) + b"".join(map(text, filters)))


def unsuback(packet_id: int) -> bytes:
    return frame(0xB0, number(packet_id))


@dataclass(frozen=True)
class Message:
    """A PUBLISH that came; `packet_id` is 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    dup: bool
    retain: bool


class Raw:
    """A TCP connection to a broker on loopback, every wait with a deadline; a context manager.

    A small `window_bytes` is for clients that do not read: the system then holds little for them.
    """

    def __init__(self, port: int, deadline_s: float = DEADLINE_S, window_bytes: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(deadline_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if window_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window_bytes)
        self.socket.connect(("127.0.0.1", port))
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, *packets: bytes) -> None:
        """Send bytes in one write; a broker that is gone by then is seen when reading."""
        try:
            self.socket.sendall(b"".join(packets))
        except (BrokenPipeError, ConnectionResetError):
            return

    def packet(self) -> bytes | None:
        """The next whole packet as it came; None when the broker closed. TimeoutError after the deadline."""
        while (end := _end_of_packet(self._buffer)) is None:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self._buffer += data
        packet, self._buffer = self._buffer[:end], self._buffer[end:]
        return packet

    def packets(self, count: int) -> list[bytes | None]:
        """The next `count` packets."""
        return [self.packet() for _ in range(count)]

    def message(self) -> Message:
        """The next packet, which must be a PUBLISH."""
        packet = self.packet()
        assert packet is not None, "the broker closed"
        assert packet[0] >> 4 == 3, f"no PUBLISH but {packet.hex(' ')}"
        return parse(packet)

    def login(self, client_id: str = "", *, present: bool = False, **fields: bool | int) -> Self:
        """Connect and be accepted, with that session present."""
        self.send(connect(client_id, **fields))  # type: ignore[arg-type]
        answer = self.packet()
        assert answer == connack(present=present), answer
        return self

    def subscribe(self, *pairs: tuple[str, int], packet_id: int = 1) -> Self:
        """Subscribe and be granted what was asked for."""
        self.send(subscribe(packet_id, *pairs))
        answer = self.packet()
        assert answer == suback(packet_id, *(qos for _, qos in pairs)), answer
        return self

    def deliver(self, topic: str, payload: bytes = b"", qos: int = 0, packet_id: int = 1) -> None:
        """Publish and see the whole exchange through: the broker has dealt with it when this returns."""
        self.send(publish(topic, payload, qos, packet_id))
        if qos == 0:
            assert self.is_quiet()
        elif qos == 1:
            assert self.packet() == puback(packet_id)
        else:
            assert self.packet() == pubrec(packet_id)
            self.send(pubrel(packet_id))
            assert self.packet() == pubcomp(packet_id)

    def leave(self) -> None:
        """Disconnect in order; the broker has dealt with it when this returns."""
        self.send(DISCONNECT)
        assert self.is_closed()
        self.socket.close()

    def is_quiet(self) -> bool:
        """Whether the broker had nothing to say before its answer to a PINGREQ that goes out now."""
        self.send(PINGREQ)
        return self.packet() == PINGRESP

    def drain(self) -> list[bytes]:
        """Everything that the broker says before its answer to a PINGREQ that goes out now."""
        self.send(PINGREQ)
        told = []
        while (packet := self.packet()) != PINGRESP:
            assert packet is not None, "the broker closed"
            told.append(packet)
        return told

    def is_closed(self) -> bool:
        """Whether the broker closes, with nothing sent before."""
        return self.packet() is None

    def is_closed_by(self, packet: bytes) -> bool:
        """Whether the broker closes on `packet`, and does not answer the PINGREQ behind it."""
        self.send(packet, PINGREQ)
        return self.is_closed()


def parse(packet: bytes) -> Message:
    """Read a PUBLISH."""
    first, body = packet[0], _body(packet)
    end = 2 + int.from_bytes(body[:2], "big")
    qos = first >> 1 & 3
    start = end + 2 if qos else end
    packet_id = int.from_bytes(body[end:start], "big")
    return Message(body[2:end].decode(), body[start:], qos, packet_id, bool(first & 8), bool(first & 1))


def _body(packet: bytes) -> bytes:
    start = 1
    while packet[start] & 0x80:
        start += 1
    return packet[start + 1 :]


def _end_of_packet(data: bytes) -> int | None:
    """Where the first packet ends, or None if it is not all there."""
    length = shift = 0
    for at, byte in enumerate(data[1:5], 2):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return at + length if len(data) >= at + length else None
    return None
