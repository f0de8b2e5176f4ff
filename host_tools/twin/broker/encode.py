"""Packets to bytes. A value that MQTT 3.1.1 cannot carry raises ValueError, which never shows it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from host_tools.twin.broker.letter import Letter
from host_tools.twin.broker.packets import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    PacketType,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)

MAX_REMAINING_BYTES = 268_435_455
"""What four bytes of remaining length can say (section 2.2.3)."""
_PUBACK = bytes((PacketType.PUBACK << 4, 2))
_PUBLISH = PacketType.PUBLISH << 4
_SHORT_CHARS = 160


def encode(packet: Packet) -> bytes:
    """The bytes of one packet."""
    return _ENCODERS[type(packet)](packet)


def puback(packet_id: int) -> bytes:
    """The bytes of a PUBACK, for an id that came in a PUBLISH: most of what a broker sends."""
    return _PUBACK + packet_id.to_bytes(2, "big")


def remaining_length(count: int) -> bytes:
    """`count` as one to four bytes, seven bits each, low ones first."""
    if count < 128:
        return bytes((count,))
    if count > MAX_REMAINING_BYTES:
        raise ValueError("packet: too long for MQTT")
    if count < 16384:
        return bytes((count & 0x7F | 0x80, count >> 7))
    out = bytearray()
    while count:
        count, low = divmod(count, 128)
        out.append(low | (0x80 if count else 0))
    return bytes(out)


def _framed(first: int, body: bytes) -> bytes:
    return bytes((first,)) + remaining_length(len(body)) + body


def _uint16(value: int, name: str) -> bytes:
    if not 0 <= value <= 0xFFFF:
        raise ValueError(f"{name}: must fit 16 bits")
    return value.to_bytes(2, "big")


def _packet_id(value: int) -> bytes:
    if not 0 < value <= 0xFFFF:
        raise ValueError("packet id: must be 1 to 65535")
    return value.to_bytes(2, "big")


def _prefixed(value: bytes, name: str) -> bytes:
    return _uint16(len(value), f"length of {name}") + value


def _text(value: str, name: str) -> bytes:
    return _prefixed(value.encode(), name)


def _connect(packet: Connect) -> bytes:
    flags = 0x02 if packet.clean_session else 0
    payload = _text(packet.client_id, "client ID")
    if packet.will is not None:
        flags |= 0x04 | packet.will.qos << 3 | (0x20 if packet.will.retain else 0)
        payload += _text(packet.will.topic, "will topic") + _prefixed(packet.will.payload, "will payload")
    if packet.username is not None:
        flags |= 0x80
        payload += _text(packet.username, "user name")
    if packet.password is not None:
        flags |= 0x40
        payload += _prefixed(packet.password, "password")
    head = (
        _text("MQTT", "protocol") + bytes((packet.level, flags)) + _uint16(packet.keepalive_s, "keep-alive")
    )
    return _framed(PacketType.CONNECT << 4, head + payload)


def _connack(packet: Connack) -> bytes:
    return bytes((PacketType.CONNACK << 4, 2, packet.session_present, packet.code))


def _publish(packet: Publish) -> bytes:
    first = _PUBLISH | packet.dup << 3 | packet.qos << 1 | packet.retain
    topic = packet.topic
    head = _short_text(topic) if len(topic) < _SHORT_CHARS else _text(topic, "topic")
    if packet.qos:
        head += _packet_id(packet.packet_id)
    payload = packet.payload
    return bytes((first,)) + remaining_length(len(head) + len(payload)) + head + payload


@lru_cache(maxsize=4096)
def _short_text(topic: str) -> bytes:
    # The same few topics go out again and again; long ones would make the memory of them large.
    return _text(topic, "topic")


def _numbered(kind: PacketType, flags: int = 0) -> Callable[[Any], bytes]:
    head = bytes((kind << 4 | flags, 2))
    return lambda packet: head + _packet_id(packet.packet_id)


def _bare(kind: PacketType) -> Callable[[Any], bytes]:
    whole = bytes((kind << 4, 0))
    return lambda packet: whole


def _subscribe(packet: Subscribe) -> bytes:
    body = b"".join(_text(text, "filter") + bytes((qos,)) for text, qos in packet.filters)
    return _framed(PacketType.SUBSCRIBE << 4 | 2, _packet_id(packet.packet_id) + body)


def _suback(packet: Suback) -> bytes:
    return _framed(PacketType.SUBACK << 4, _packet_id(packet.packet_id) + bytes(packet.codes))


def _unsubscribe(packet: Unsubscribe) -> bytes:
    body = b"".join(_text(text, "filter") for text in packet.filters)
    return _framed(PacketType.UNSUBSCRIBE << 4 | 2, _packet_id(packet.packet_id) + body)


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    Connect: _connect,
    Connack: _connack,
    Publish: _publish,
    Letter: _publish,
    Puback: _numbered(PacketType.PUBACK),
    Pubrec: _numbered(PacketType.PUBREC),
    Pubrel: _numbered(PacketType.PUBREL, 2),
    Pubcomp: _numbered(PacketType.PUBCOMP),
    Subscribe: _subscribe,
    Suback: _suback,
    Unsubscribe: _unsubscribe,
    Unsuback: _numbered(PacketType.UNSUBACK),
    Pingreq: _bare(PacketType.PINGREQ),
    Pingresp: _bare(PacketType.PINGRESP),
    Disconnect: _bare(PacketType.DISCONNECT),
}
