"""Bytes to packets, however they are cut; what MQTT 3.1.1 forbids raises MalformedPacketError."""

from collections.abc import Collection

from host_tools.twin.broker.bodies import BODIES
from host_tools.twin.broker.packets import Packet, PacketType
from host_tools.twin.broker.reading import MalformedPacketError

__all__ = ["FROM_CLIENT", "FROM_SERVER", "Decoder", "MalformedPacketError"]

_P = PacketType
_BOTH_WAYS = {_P.PUBLISH, _P.PUBACK, _P.PUBREC, _P.PUBREL, _P.PUBCOMP}
FROM_CLIENT = frozenset(_BOTH_WAYS | {_P.CONNECT, _P.SUBSCRIBE, _P.UNSUBSCRIBE, _P.PINGREQ, _P.DISCONNECT})
FROM_SERVER = frozenset(_BOTH_WAYS | {_P.CONNACK, _P.SUBACK, _P.UNSUBACK, _P.PINGRESP})


class Decoder:
    """Call `feed` with what arrived, then `next` until it gives None.

    `accepts` and `max_packet_bytes` (the remaining length's limit) may be changed between two calls of
    `next`, so that what follows a CONNECT in the same chunk is judged by the rules after it.
    No more is kept than one packet of the allowed size and the chunk that was fed.
    """

    def __init__(self, accepts: Collection[int], max_packet_bytes: int) -> None:
        self.accepts = accepts
        self.max_packet_bytes = max_packet_bytes
        self._buffer = bytearray()
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._buffer += data

    def next(self) -> Packet | None:
        """The next whole packet, or None until more bytes come. Raises MalformedPacketError."""
        buffer, at = self._buffer, self._at
        if at == len(buffer):
            self._compact()
            return None
        first = buffer[at]
        parse = BODIES[first]
        if parse is None:
            raise MalformedPacketError("reserved packet type or flags")
        if first >> 4 not in self.accepts:
            raise MalformedPacketError("a packet that has no place here")
        start = self._body_start(at + 1)
        if start is None or len(buffer) < start + self._length:
            self._compact()
            return None
        self._at = end = start + self._length
        return parse(first, bytes(buffer[start:end]))

    def _compact(self) -> None:
        del self._buffer[: self._at]
        self._at = 0

    def _body_start(self, at: int) -> int | None:
        """Read the remaining length, section 2.2.3: where it ends, or None if it is not all there."""
        length = 0
        for index in range(4):
            if at + index == len(self._buffer):
                return None
            byte = self._buffer[at + index]
            length |= (byte & 0x7F) << 7 * index
            if length > self.max_packet_bytes:
                raise MalformedPacketError("too long")
            if byte < 0x80:
                self._length = length
                return at + index + 1
        raise MalformedPacketError("remaining length of more than four bytes")
