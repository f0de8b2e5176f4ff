"""The body of each packet, checked against MQTT 3.1.1; the statement that a check keeps stands beside it."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from host_tools.twin.broker.packets import (
    PROTOCOL_LEVEL,
    SUBACK_FAILURE,
    Connack,
    ConnackCode,
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
    Will,
)
from host_tools.twin.broker.reading import (
    Body,
    MalformedPacketError,
    packet_id,
    qos,
    text,
    topic_filter,
    topic_name,
)

_SHORT_BYTES = 160

Parser = Callable[[int, bytes], Packet]
Numbered = TypeVar("Numbered", Puback, Pubrec, Pubrel, Pubcomp, Unsuback)
Plain = TypeVar("Plain", Pingreq, Pingresp, Disconnect)


def _connect(first: int, data: bytes) -> Connect:
    body = Body(data)
    name, level = body.text(), body.byte()
    if name != "MQTT" and (name, level) != ("MQIsdp", 3):
        raise MalformedPacketError("a protocol that is not MQTT")  # MQTT-3.1.2-1
    if level != PROTOCOL_LEVEL:
        return Connect(level=level)  # the server answers, MQTT-3.1.2-2
    flags, keepalive_s = body.byte(), body.uint16()
    if flags & 0x01:
        raise MalformedPacketError("the reserved flag of CONNECT")  # MQTT-3.1.2-3
    if flags & 0x40 and not flags & 0x80:
        raise MalformedPacketError("a password without a user name")  # MQTT-3.1.2-22
    packet = Connect(body.text(), bool(flags & 0x02), keepalive_s)
    packet.will = _will(flags, body)
    if flags & 0x80:
        packet.username = body.text()
    if flags & 0x40:
        packet.password = body.blob()
    body.end()
    return packet


def _will(flags: int, body: Body) -> Will | None:
    if not flags & 0x04:
        if flags & 0x38:
            raise MalformedPacketError("will flags without a will")  # MQTT-3.1.2-13, -15
        return None
    level = qos(flags >> 3 & 3)
    return Will(topic_name(body.text()), body.blob(), level, bool(flags & 0x20))


def _connack(first: int, data: bytes) -> Connack:
    body = Body(data)
    flags, code = body.byte(), body.byte()
    body.end()
    if flags > 1 or code > ConnackCode.NOT_AUTHORIZED or (flags and code):
        raise MalformedPacketError("a reserved value in CONNACK")  # MQTT-3.2.2-4
    return Connack(bool(flags), code)


@lru_cache(maxsize=4096)
def _short_name(data: bytes) -> str:
    # The same few topics come again and again; long ones would make the memory of them large.
    return topic_name(text(data))


def _publish(first: int, data: bytes) -> Publish:
    # Read by hand: most of a broker's work is this packet, and a cursor doubles its cost.
    level, dup = first >> 1 & 3, bool(first & 0x08)
    if level > 2 or (dup and not level):
        raise MalformedPacketError("QoS 3, or DUP at QoS 0")  # MQTT-3.3.1-4, MQTT-3.3.1-2
    end = 2 + int.from_bytes(data[:2], "big")
    payload = end + 2 if level else end
    if len(data) < payload or len(data) < 2:
        raise MalformedPacketError("ends in the middle of a field")
    name = _short_name(data[2:end]) if end < _SHORT_BYTES else topic_name(text(data[2:end]))
    number = packet_id(int.from_bytes(data[end:payload], "big")) if level else 0
    return Publish(name, data[payload:], level, bool(first & 0x01), dup, number)


def _subscribe(first: int, data: bytes) -> Subscribe:
    body = Body(data)
    packet = Subscribe(body.packet_id(), [])
    while body.left:
        packet.filters.append((topic_filter(body.text()), qos(body.byte())))
    if not packet.filters:
        raise MalformedPacketError("no topic filter")  # MQTT-3.8.3-3
    return packet


def _suback(first: int, data: bytes) -> Suback:
    body = Body(data)
    packet = Suback(body.packet_id(), list(body.take(body.left)))
    if not packet.codes or any(code > 2 and code != SUBACK_FAILURE for code in packet.codes):
        raise MalformedPacketError("a reserved value in SUBACK")  # MQTT-3.9.3-2
    return packet


def _unsubscribe(first: int, data: bytes) -> Unsubscribe:
    body = Body(data)
    packet = Unsubscribe(body.packet_id(), [])
    while body.left:
        packet.filters.append(topic_filter(body.text()))
    if not packet.filters:
        raise MalformedPacketError("no topic filter")  # MQTT-3.10.3-2
    return packet


def _numbered(kind: type[Numbered]) -> Parser:
    def parse(first: int, data: bytes) -> Numbered:
        if len(data) != 2:
            raise MalformedPacketError("a length other than 2")
        return kind(packet_id(data[0] << 8 | data[1]))

    return parse


def _plain(kind: type[Plain]) -> Parser:
    def parse(first: int, data: bytes) -> Plain:
        if data:
            raise MalformedPacketError("a body where none may be")
        return kind()

    return parse


_TYPES: dict[PacketType, tuple[Parser, tuple[int, ...]]] = {
    PacketType.CONNECT: (_connect, (0,)),
    PacketType.CONNACK: (_connack, (0,)),
    PacketType.PUBLISH: (_publish, tuple(range(16))),
    PacketType.PUBACK: (_numbered(Puback), (0,)),
    PacketType.PUBREC: (_numbered(Pubrec), (0,)),
    PacketType.PUBREL: (_numbered(Pubrel), (2,)),
    PacketType.PUBCOMP: (_numbered(Pubcomp), (0,)),
    PacketType.SUBSCRIBE: (_subscribe, (2,)),
    PacketType.SUBACK: (_suback, (0,)),
    PacketType.UNSUBSCRIBE: (_unsubscribe, (2,)),
    PacketType.UNSUBACK: (_numbered(Unsuback), (0,)),
    PacketType.PINGREQ: (_plain(Pingreq), (0,)),
    PacketType.PINGRESP: (_plain(Pingresp), (0,)),
    PacketType.DISCONNECT: (_plain(Disconnect), (0,)),
}


def _by_first_byte() -> list[Parser | None]:
    table: list[Parser | None] = [None] * 256
    for kind, (parse, flags) in _TYPES.items():
        for flag in flags:
            table[kind << 4 | flag] = parse
    return table


BODIES = _by_first_byte()
"""The parser for each first byte; None where type or flags are reserved (MQTT-2.2.2-2)."""
