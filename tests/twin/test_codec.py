"""The codec against MQTT 3.1.1: what it takes, what it refuses, however the bytes are cut."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.twin.broker.decode import FROM_CLIENT, FROM_SERVER, Decoder, MalformedPacketError
from host_tools.twin.broker.encode import encode
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
    Will,
)

ALL = FROM_CLIENT | FROM_SERVER
MAX_BYTES = 4096

# Bytes put together by hand from the standard's tables, not by our encoder.
KNOWN = [
    ("10 0f 0004 4d515454 04 02 003c 0003 474944", Connect("GID", True, 60)),
    (
        "10 1b 0004 4d515454 04 ee 000a 0001 63 0001 74 0002 6869 0001 75 0002 7077",
        Connect("c", True, 10, "u", b"pw", Will("t", b"hi", 1, True)),
    ),
    ("20 02 01 00", Connack(True, 0)),
    ("20 02 00 05", Connack(False, 5)),
    ("30 07 0003 742f61 6869", Publish("t/a", b"hi")),
    ("3d 09 0003 742f61 000a 6869", Publish("t/a", b"hi", 2, True, True, 10)),
    ("40 02 0102", Puback(0x0102)),
    ("50 02 0001", Pubrec(1)),
    ("62 02 0001", Pubrel(1)),
    ("70 02 ffff", Pubcomp(0xFFFF)),
    ("82 08 000a 0003 612f62 01", Subscribe(10, [("a/b", 1)])),
    ("90 04 000a 02 80", Suback(10, [2, 0x80])),
    ("a2 05 000a 0001 23", Unsubscribe(10, ["#"])),
    ("b0 02 000a", Unsuback(10)),
    ("c0 00", Pingreq()),
    ("d0 00", Pingresp()),
    ("e0 00", Disconnect()),
]

_RESERVED = "reserved packet type or flags"
_SHORT = "middle of a field"
_TEXT = "not UTF-8"
_ID = "packet id 0"
_TOPIC = "a topic that is empty or holds a wildcard"
_FILTER = "a topic filter"
MALFORMED = {
    "type 0": ("00 00", _RESERVED),
    "type 15": ("f0 00", _RESERVED),
    "flags of CONNECT": ("11 0c 0004 4d515454 04 02 003c 0000", _RESERVED),
    "flags of PUBREL": ("60 02 0001", _RESERVED),
    "flags of SUBSCRIBE": ("80 06 0001 0001 61 00", _RESERVED),
    "flags of UNSUBSCRIBE": ("a0 05 0001 0001 61", _RESERVED),
    "flags of PINGREQ": ("c1 00", _RESERVED),
    "flags of DISCONNECT": ("e8 00", _RESERVED),
    "five bytes of length": ("30 80 80 80 80 01", "more than four bytes"),
    "protocol name": ("10 0c 0004 4d515458 04 02 003c 0000", "not MQTT"),
    "reserved CONNECT flag": ("10 0c 0004 4d515454 04 03 003c 0000", "reserved flag"),
    "password without user name": ("10 0e 0004 4d515454 04 42 003c 0000 0000", "without a user name"),
    "will QoS without will": ("10 0c 0004 4d515454 04 0a 003c 0000", "without a will"),
    "will retain without will": ("10 0c 0004 4d515454 04 22 003c 0000", "without a will"),
    "will QoS 3": ("10 11 0004 4d515454 04 1e 003c 0000 0001 74 0000", "QoS 3"),
    "will topic with wildcard": ("10 11 0004 4d515454 04 06 003c 0000 0001 23 0000", _TOPIC),
    "CONNECT cut short": ("10 0b 0004 4d515454 04 02 003c 00", _SHORT),
    "CONNECT with bytes after it": ("10 0d 0004 4d515454 04 02 003c 0000 00", "after its last field"),
    "client ID that is no UTF-8": ("10 0d 0004 4d515454 04 02 003c 0001 ff", _TEXT),
    "client ID with U+0000": ("10 0d 0004 4d515454 04 02 003c 0001 00", _TEXT),
    "client ID with a surrogate": ("10 0f 0004 4d515454 04 02 003c 0003 eda080", _TEXT),
    "QoS 3": ("36 05 0001 74 000a", "QoS 3"),
    "DUP at QoS 0": ("38 03 0001 74", "DUP at QoS 0"),
    "packet id 0": ("32 05 0001 74 0000", _ID),
    "empty topic": ("30 02 0000", _TOPIC),
    "topic with +": ("30 03 0001 2b", _TOPIC),
    "topic with #": ("30 05 0003 612f23", _TOPIC),
    "topic that is no UTF-8": ("30 04 0002 c328", _TEXT),
    "topic longer than the packet": ("30 03 0005 74", _SHORT),
    "PUBLISH with no topic": ("30 01 00", _SHORT),
    "PUBLISH of nothing": ("30 00", _SHORT),
    "PUBLISH with no packet id": ("32 03 0001 74", _SHORT),
    "PUBACK of one byte": ("40 01 01", "length other than 2"),
    "PUBACK of three bytes": ("40 03 0001 01", "length other than 2"),
    "PUBACK with id 0": ("40 02 0000", _ID),
    "SUBSCRIBE with id 0": ("82 06 0000 0001 61 00", _ID),
    "SUBSCRIBE with nothing": ("82 02 0001", "no topic filter"),
    "SUBSCRIBE with QoS 3": ("82 06 0001 0001 61 03", "QoS 3"),
    "SUBSCRIBE with reserved bits": ("82 06 0001 0001 61 04", "QoS 3"),
    "SUBSCRIBE with no QoS": ("82 05 0001 0001 61", _SHORT),
    "SUBSCRIBE to nothing": ("82 05 0001 0000 00", _FILTER),
    "SUBSCRIBE to a#": ("82 07 0001 0002 6123 00", _FILTER),
    "SUBSCRIBE to #/a": ("82 08 0001 0003 232f61 00", _FILTER),
    "SUBSCRIBE to a+": ("82 07 0001 0002 612b 00", _FILTER),
    "UNSUBSCRIBE from nothing": ("a2 02 0001", "no topic filter"),
    "UNSUBSCRIBE with id 0": ("a2 05 0000 0001 61", _ID),
    "PINGREQ with a body": ("c0 01 00", "a body"),
    "DISCONNECT with a body": ("e0 01 00", "a body"),
    "CONNACK with reserved flags": ("20 02 02 00", "reserved value"),
    "CONNACK with code 6": ("20 02 00 06", "reserved value"),
    "CONNACK refused but present": ("20 02 01 05", "reserved value"),
    "SUBACK with a reserved code": ("90 03 0001 03", "reserved value"),
    "SUBACK with no code": ("90 02 0001", "reserved value"),
    "text of a web browser": ("47 45 54 20 2f", _RESERVED),
    "a TLS hello": ("16 03 01 02 00 01", _RESERVED),
}


def decode(data: bytes, accepts: frozenset[PacketType] = ALL) -> list[Packet]:
    return decode_pieces([data], accepts)


def decode_pieces(pieces: list[bytes], accepts: frozenset[PacketType] = ALL) -> list[Packet]:
    decoder, found = Decoder(accepts, MAX_BYTES), []
    for piece in pieces:
        decoder.feed(piece)
        while (packet := decoder.next()) is not None:
            found.append(packet)
    return found


@pytest.mark.parametrize(("hexed", "packet"), KNOWN, ids=lambda value: type(value).__name__)
def test_known_bytes_both_ways(hexed: str, packet: Packet) -> None:
    data = bytes.fromhex(hexed)
    assert decode(data) == [packet]
    assert encode(packet) == data


@pytest.mark.parametrize(("hexed", "reason"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_is_refused_whole_and_byte_by_byte(hexed: str, reason: str) -> None:
    data = bytes.fromhex(hexed)
    with pytest.raises(MalformedPacketError, match=reason):
        decode(data)
    with pytest.raises(MalformedPacketError, match=reason):
        decode_pieces([bytes((byte,)) for byte in data])


@pytest.mark.parametrize("first", ["f0", "10"])
def test_the_first_byte_is_judged_before_more_comes(first: str) -> None:
    with pytest.raises(MalformedPacketError):
        decode(bytes.fromhex(first), FROM_SERVER)


def test_a_long_packet_is_refused_before_its_body_comes() -> None:
    decoder = Decoder(FROM_CLIENT, 100)
    decoder.feed(b"\x30\x64" + b"\x00\x01t".ljust(100, b"x"))
    assert decoder.next() == Publish("t", b"x" * 97)
    decoder.feed(b"\x30\x65")
    with pytest.raises(MalformedPacketError):
        decoder.next()


def test_rules_that_change_between_two_packets_of_one_chunk() -> None:
    decoder = Decoder(frozenset({PacketType.CONNECT}), 100)
    decoder.feed(encode(Connect("c")) + encode(Pingreq()) + encode(Connect("c")))
    assert decoder.next() == Connect("c")
    decoder.accepts = frozenset({PacketType.PINGREQ})
    assert decoder.next() == Pingreq()
    with pytest.raises(MalformedPacketError):
        decoder.next()


@pytest.mark.parametrize("level", [3, 5])
def test_another_protocol_level_is_named_and_not_read_further(level: int) -> None:
    body = b"\x00\x04MQTT" + bytes((level, 2)) + b"\xff\xff\xff"
    assert decode(bytes((0x10, len(body))) + body) == [Connect(level=level)]


@pytest.mark.parametrize(
    "packet",
    [Puback(0), Puback(65536), Publish("x" * 65536, b""), Publish("t", b"", 1), Connect(keepalive_s=65536)],
)
def test_what_mqtt_cannot_carry_is_not_encoded(packet: Packet) -> None:
    with pytest.raises(ValueError, match=r"packet id|length|keep-alive"):
        encode(packet)


def test_a_password_is_in_no_repr() -> None:
    assert "hunter2" not in repr(Connect("c", username="u", password=b"hunter2"))


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
topic = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=40)
pattern = st.lists(st.sampled_from(["+", "a", "", "é"]), min_size=2, max_size=5).map("/".join) | st.just("#")
blob = st.binary(max_size=60)
number = st.integers(1, 65535)
qos = st.integers(0, 2)


FEW = settings(max_examples=60, deadline=None)


@st.composite
def connects(draw: st.DrawFn) -> Connect:
    username = draw(st.none() | text)
    password = draw(st.none() | blob) if username is not None else None
    will = draw(st.none() | st.builds(Will, topic, blob, qos, st.booleans()))
    return Connect(draw(text), draw(st.booleans()), draw(st.integers(0, 65535)), username, password, will)


publishes = st.builds(Publish, topic, blob, st.just(0), st.booleans()) | st.builds(
    Publish, topic, blob, st.integers(1, 2), st.booleans(), st.booleans(), number
)
packets: st.SearchStrategy[Any] = st.one_of(
    connects(),
    publishes,
    st.builds(Connack, st.booleans(), st.just(0)) | st.builds(Connack, st.just(False), st.integers(1, 5)),
    *(st.builds(kind, number) for kind in (Puback, Pubrec, Pubrel, Pubcomp, Unsuback)),
    st.builds(Subscribe, number, st.lists(st.tuples(pattern, qos), min_size=1, max_size=4)),
    st.builds(Suback, number, st.lists(st.sampled_from([0, 1, 2, 128]), min_size=1, max_size=4)),
    st.builds(Unsubscribe, number, st.lists(pattern, min_size=1, max_size=4)),
    *(st.builds(kind) for kind in (Pingreq, Pingresp, Disconnect)),
)


@FEW
@given(packets)
def test_decoding_gives_back_what_was_encoded(packet: Packet) -> None:
    assert decode(encode(packet)) == [packet]


@FEW
@given(st.lists(packets, max_size=6), st.lists(st.integers(0, 600), max_size=8))
def test_any_cut_of_the_bytes_gives_the_same_packets(sent: list[Packet], cuts: list[int]) -> None:
    data = b"".join(map(encode, sent))
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    assert decode_pieces(pieces) == sent
    assert decode_pieces([bytes((byte,)) for byte in data]) == sent


def outcome(pieces: list[bytes]) -> list[Packet] | str:
    try:
        return decode_pieces(pieces)
    except MalformedPacketError as error:
        return str(error)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=80) | st.lists(packets, max_size=3).map(lambda sent: b"".join(map(encode, sent))),
    st.data(),
)
def test_random_and_damaged_bytes_raise_nothing_but_malformed(data: bytes, source: st.DataObject) -> None:
    damaged = bytearray(data)
    for _ in range(source.draw(st.integers(0, 3)) if damaged else 0):
        damaged[source.draw(st.integers(0, len(damaged) - 1))] = source.draw(st.integers(0, 255))
    cut = source.draw(st.integers(0, len(damaged)))
    whole = outcome([bytes(damaged)])
    assert outcome([bytes(damaged[:cut]), bytes(damaged[cut:])]) == whole
