"""The fields that packets are made of (MQTT 3.1.1 section 1.5), read strictly."""

from host_tools.twin.broker.filters import is_filter, is_topic_name


class MalformedPacketError(ValueError):
    """The stream breaks MQTT 3.1.1 and cannot be read on; the text says where, never what it held."""


class Body:
    """A cursor over a packet's body that cannot run past its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise MalformedPacketError("ends in the middle of a field")
        self._at += count
        return self._data[self._at - count : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def uint16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def packet_id(self) -> int:
        return packet_id(self.uint16())

    def blob(self) -> bytes:
        return self.take(self.uint16())

    def text(self) -> str:
        return text(self.blob())

    def end(self) -> None:
        if self.left:
            raise MalformedPacketError("bytes after its last field")


def text(data: bytes) -> str:
    """UTF-8 as MQTT wants it."""
    try:
        decoded = data.decode()
    except UnicodeDecodeError:
        decoded = None  # raised below: the codec's own error would carry the bytes along
    if decoded is None or "\0" in decoded:
        raise MalformedPacketError("text that is not UTF-8, or holds U+0000")  # MQTT-1.5.3-1, -2
    return decoded


def packet_id(value: int) -> int:
    """The number that an acknowledgement repeats, 1 to 65535."""
    if value == 0:
        raise MalformedPacketError("packet id 0")  # MQTT-2.3.1-1
    return value


def qos(value: int) -> int:
    """0, 1 or 2."""
    if value > 2:
        raise MalformedPacketError("QoS 3")  # MQTT-3.3.1-4, MQTT-3.1.2-14, MQTT-3-8.3-4
    return value


def topic_name(name: str) -> str:
    """A topic that a packet may be published under."""
    if not is_topic_name(name):
        raise MalformedPacketError("a topic that is empty or holds a wildcard")  # MQTT-3.3.2-2
    return name


def topic_filter(pattern: str) -> str:
    """A topic, or a pattern of topics, to subscribe to."""
    if not is_filter(pattern):
        raise MalformedPacketError("a topic filter that is empty or misplaces a wildcard")  # MQTT-4.7.1
    return pattern
