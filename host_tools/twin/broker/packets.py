"""The fourteen control packets of MQTT 3.1.1, as plain values.

They hold what a packet says and nothing of how it travels; `decode` and `encode` know that.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

PROTOCOL_LEVEL = 4
"""The level of MQTT 3.1.1 (section 3.1.2.2)."""


class PacketType(IntEnum):
    """The upper four bits of a packet's first byte (table 2.1)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class ConnackCode(IntEnum):
    """Return codes of CONNACK (table 3.1)."""

    ACCEPTED = 0
    BAD_PROTOCOL = 1
    BAD_CLIENT_ID = 2
    SERVER_UNAVAILABLE = 3
    BAD_CREDENTIAL = 4
    NOT_AUTHORIZED = 5


SUBACK_FAILURE = 0x80


@dataclass(slots=True)
class Will:
    """What a client asks to have published when it vanishes."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(slots=True)
class Connect:
    """Of another `level` than 4 nothing else is read: it may be laid out differently."""

    client_id: str = ""
    clean_session: bool = True
    keepalive_s: int = 0
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)
    will: Will | None = None
    level: int = PROTOCOL_LEVEL


@dataclass(slots=True)
class Connack:
    session_present: bool
    code: int


@dataclass(slots=True)
class Publish:
    """`packet_id` is 0 at QoS 0, and only there."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int = 0


@dataclass(slots=True)
class Puback:
    packet_id: int


@dataclass(slots=True)
class Pubrec:
    packet_id: int


@dataclass(slots=True)
class Pubrel:
    packet_id: int


@dataclass(slots=True)
class Pubcomp:
    packet_id: int


@dataclass(slots=True)
class Subscribe:
    """`filters` in the packet's order, each with the QoS asked for."""

    packet_id: int
    filters: list[tuple[str, int]]


@dataclass(slots=True)
class Suback:
    """One code for each filter: the QoS granted, or SUBACK_FAILURE."""

    packet_id: int
    codes: list[int]


@dataclass(slots=True)
class Unsubscribe:
    packet_id: int
    filters: list[str]


@dataclass(slots=True)
class Unsuback:
    packet_id: int


@dataclass(slots=True)
class Pingreq:
    pass


@dataclass(slots=True)
class Pingresp:
    pass


@dataclass(slots=True)
class Disconnect:
    pass


Acknowledgement: TypeAlias = Puback | Pubrec | Pubrel | Pubcomp | Unsuback
Bare: TypeAlias = Pingreq | Pingresp | Disconnect
Packet: TypeAlias = Connect | Connack | Publish | Acknowledgement | Subscribe | Suback | Unsubscribe | Bare
