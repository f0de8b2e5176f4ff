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

    __slots__ = ("_at", "_buffer", "accepts", "max_packet_bytes")

    def __init__(self, accepts: Collection[int], max_packet_bytes: int) -> None:
        self.accepts = accepts
        self.max_packet_bytes = max_packet_bytes
        # What was fed, as long as it is whole packets; a bytearray once something has to wait for more.
        self._buffer: bytes | bytearray = b""
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        if self._at == len(self._buffer):
            self._buffer, self._at = data, 0
            return
        if isinstance(self._buffer, bytes):
            self._buffer = bytearray(self._buffer)
        self._buffer += data

    def next(self) -> Packet | None:
        """The next whole packet, or None until more bytes come. Raises MalformedPacketError."""
        buffer, at = self._buffer, self._at
        if at == len(buffer):
            self._buffer, self._at = b"", 0
            return None
        first = buffer[at]
        parse = BODIES[first]
        if parse is None:
            raise MalformedPacketError("reserved packet type or flags")
        if first >> 4 not in self.accepts:
            raise MalformedPacketError("a packet that has no place here")
        start, size = at + 2, len(buffer)
        if size >= start and buffer[at + 1] < 0x80 and buffer[at + 1] <= self.max_packet_bytes:
            end = start + buffer[at + 1]
        else:
            start, end = self._borders(at + 1)
        if size < end:
            self._wait()
            return None
        self._at = end
        return parse(first, bytes(buffer[start:end]))

    def _wait(self) -> None:
        """Let go of the packets that were read, and keep what is of the next."""
        self._buffer = bytearray(self._buffer) if isinstance(self._buffer, bytes) else self._buffer
        del self._buffer[: self._at]
        self._at = 0

    def _borders(self, at: int) -> tuple[int, int]:
        """Read the remaining length, section 2.2.3: where the body begins and ends.

        If it is not all there, the end lies beyond what came.
        """
        length = 0
        for index in range(4):
            if at + index == len(self._buffer):
                return at, len(self._buffer) + 1
            byte = self._buffer[at + index]
            length |= (byte & 0x7F) << 7 * index
            if length > self.max_packet_bytes:
                raise MalformedPacketError("too long")
            if byte < 0x80:
                return at + index + 1, at + index + 1 + length
        raise MalformedPacketError("remaining length of more than four bytes")
