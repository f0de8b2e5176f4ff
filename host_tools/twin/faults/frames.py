"""A stream of MQTT cut into packets, each with its own bytes: what a go-between needs."""

from host_tools.twin.broker.bodies import BODIES
from host_tools.twin.broker.packets import Packet
from host_tools.twin.broker.reading import MalformedPacketError

MAX_PACKET_BYTES = 1 << 20


class Frames:
    """Nothing is lost or changed: the bytes given back are those that were fed, in their order.

    A packet that cannot be read comes with None; where the stream is no MQTT, or a packet is larger than
    the limit, everything from there on does.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._is_raw = False

    def feed(self, data: bytes) -> list[tuple[bytes, Packet | None]]:
        """The packets that are whole now."""
        self._buffer += data
        found: list[tuple[bytes, Packet | None]] = []
        while not self._is_raw and (end := self._end()):
            found.append(self._cut(end))
        if self._is_raw and self._buffer:
            found.append((bytes(self._buffer), None))
            self._buffer.clear()
        return found

    def _cut(self, end: int) -> tuple[bytes, Packet | None]:
        whole = bytes(self._buffer[:end])
        del self._buffer[:end]
        return whole, _parsed(whole, self._start)

    def _end(self) -> int:
        """Where the first packet ends; 0 while that cannot be told."""
        length = 0
        if self._buffer and BODIES[self._buffer[0]] is None:
            self._is_raw = True
            return 0
        for index, byte in enumerate(self._buffer[1:5], 1):
            length |= (byte & 0x7F) << 7 * (index - 1)
            if byte < 0x80:
                self._start = index + 1
                self._is_raw = length > MAX_PACKET_BYTES
                whole = length + self._start <= len(self._buffer) and not self._is_raw
                return length + self._start if whole else 0
        self._is_raw = len(self._buffer) >= 5
        return 0


def _parsed(whole: bytes, start: int) -> Packet | None:
    parse = BODIES[whole[0]]
    try:
        return parse(whole[0], whole[start:]) if parse else None
    except MalformedPacketError:
        return None
