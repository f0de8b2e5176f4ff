"""The place where faults come in: one callable, asked at each moment of a connection's life."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from host_tools.twin.broker.packets import Packet

if TYPE_CHECKING:
    from host_tools.twin.broker.connection import Connection


class Moment(Enum):
    """When a hook is asked.

    ACCEPT: a connection came, and no packet yet. CONNACK: it is to go. IN: a packet came. OUT: one is to go.
    """

    ACCEPT = "accept"
    CONNACK = "connack"
    IN = "in"
    OUT = "out"


class Verdict(Enum):
    """PASS: as if unasked. DROP: the packet vanishes. CLOSE: end the connection. RESET: by a TCP reset.

    LATER (IN only): nothing more is read until the hook calls `Connection.take_up` with the packet.
    """

    PASS = "pass"
    DROP = "drop"
    CLOSE = "close"
    RESET = "reset"
    LATER = "later"


Hook: TypeAlias = "Callable[[Moment, Connection, Packet | None], Verdict | bytes]"
"""Bytes instead of a verdict go out in the packet's place (CONNACK and OUT); a hook that wants to send later
drops the packet and calls `Connection.write` itself."""
