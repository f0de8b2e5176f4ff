"""MQTT 3.1.1 sections 1.5, 2 and 4.8: fields and headers that every packet is made of.

Each test is named after the normative statement it tries, and cites it and others that it shows.
"""

from collections.abc import Callable

import pytest

from tests.conformance.conftest import Dial
from tests.conformance.raw import (
    DISCONNECT,
    PINGREQ,
    PINGRESP,
    Raw,
    connack,
    connect,
    frame,
    number,
    puback,
    publish,
    suback,
    subscribe,
    text,
    unsuback,
    unsubscribe,
)

ILL_FORMED = {
    "stray continuation byte": b"a\x80",
    "cut short": b"a\xe2\x82",
    "overlong": b"\xc0\xaf",
    "surrogate": b"\xed\xa0\x80",
    "above U+10FFFF": b"\xf5\x80\x80\x80",
}


NAMING: dict[str, Callable[[bytes], bytes]] = {
    "PUBLISH": publish,
    "SUBSCRIBE": lambda topic: subscribe(1, (topic, 0)),
    "UNSUBSCRIBE": lambda topic: unsubscribe(1, topic),
}


@pytest.mark.parametrize("topic", ILL_FORMED.values(), ids=ILL_FORMED.keys())
@pytest.mark.parametrize("packet", NAMING.values(), ids=NAMING.keys())
def test_mqtt_1_5_3_1_ill_formed_text_closes(
    wire: Raw, packet: Callable[[bytes], bytes], topic: bytes
) -> None:
    """MQTT-1.5.3-1, MQTT-3.3.2-1, MQTT-3.8.3-1, MQTT-3.10.3-1: a topic or filter that is not UTF-8."""
    assert wire.is_closed_by(packet(topic))


@pytest.mark.parametrize("packet", NAMING.values(), ids=NAMING.keys())
def test_mqtt_1_5_3_2_a_null_character_closes(wire: Raw, packet: Callable[[bytes], bytes]) -> None:
    """MQTT-1.5.3-2, MQTT-4.7.3-2: U+0000 in a topic or filter."""
    assert wire.is_closed_by(packet(b"a\0b"))


def test_mqtt_1_5_3_3_a_byte_order_mark_is_a_character(wire: Raw, name: str) -> None:
    """MQTT-1.5.3-3: EF BB BF is U+FEFF wherever it stands, and is not stripped."""
    wire.subscribe((f"{name}/#", 0), (f"\ufeff{name}", 0))
    wire.send(publish(f"{name}/\ufeffa"), publish(f"\ufeff{name}"), publish(name + "c"))
    assert [wire.message().topic, wire.message().topic] == [f"{name}/\ufeffa", f"\ufeff{name}"]
    assert wire.is_quiet()


RESERVED = {
    "CONNACK": frame(0x20, b"\0\0"),
    "PUBACK": frame(0x41, number(1)),
    "PUBREC": frame(0x52, number(1)),
    "PUBREL": frame(0x60, number(1)),
    "PUBCOMP": frame(0x78, number(1)),
    "SUBSCRIBE": frame(0x80, number(1) + text("a") + b"\0"),
    "UNSUBSCRIBE": frame(0xA0, number(1) + text("a")),
    "PINGREQ": frame(0xC1),
    "DISCONNECT": frame(0xE2),
    "type 0": frame(0x00),
    "type 15": frame(0xF0),
}


@pytest.mark.parametrize("packet", RESERVED.values(), ids=RESERVED.keys())
def test_mqtt_2_2_2_2_reserved_flags_and_types_close(wire: Raw, packet: bytes) -> None:
    """MQTT-2.2.2-1, -2; MQTT-3.6.1-1, MQTT-3.8.1-1, MQTT-3.10.1-1, MQTT-3.14.1-1; table 2.1 for the types."""
    assert wire.is_closed_by(packet)


def test_mqtt_2_2_2_2_flags_of_connect_close(dial: Dial) -> None:
    """MQTT-2.2.2-2: the same for a CONNECT."""
    wire = dial()
    wire.send(b"\x11" + connect("c")[1:])
    assert wire.is_closed()


@pytest.mark.parametrize("size", [0, 1, 113, 114, 115, 116, 117, 118, 16368, 16369, 16370, 16371, 60000])
def test_section_2_2_3_remaining_length_of_one_to_three_bytes(wire: Raw, name: str, size: int) -> None:
    """MQTT-4.2.0-1 and section 2.2.3: payloads around the edges, where the length takes a byte more."""
    topic, payload = name.ljust(10, "x"), bytes(range(256)) * (size // 256) + bytes(size % 256)
    wire.subscribe((topic, 0))
    wire.send(publish(topic, payload))
    assert wire.message().payload == payload


def test_section_2_2_3_remaining_length_of_five_bytes_closes(wire: Raw) -> None:
    """MQTT-4.8.0-1 and section 2.2.3: the fourth byte may not promise a fifth."""
    wire.send(b"\x30\xff\xff\xff\xff\x01")
    assert wire.is_closed()


NO_ID = {
    "PUBLISH QoS 1": publish("a", b"", 1, 0),
    "PUBLISH QoS 2": publish("a", b"", 2, 0),
    "SUBSCRIBE": subscribe(0, ("a", 0)),
    "UNSUBSCRIBE": unsubscribe(0, "a"),
}


@pytest.mark.parametrize("packet", NO_ID.values(), ids=NO_ID.keys())
def test_mqtt_2_3_1_1_packet_id_0_closes(wire: Raw, packet: bytes) -> None:
    """MQTT-2.3.1-1: these packets carry an id that is not 0."""
    assert wire.is_closed_by(packet)


@pytest.mark.parametrize("packet_id", [1, 255, 256, 65535])
def test_mqtt_2_3_1_7_acknowledgements_carry_the_same_id(wire: Raw, name: str, packet_id: int) -> None:
    """MQTT-2.3.1-6, -7; MQTT-3.8.4-2, MQTT-3.10.4-4: whatever the id is."""
    wire.send(subscribe(packet_id, (name, 0)), unsubscribe(packet_id, name), publish(name, b"", 1, packet_id))
    assert wire.packets(3) == [suback(packet_id, 0), unsuback(packet_id), puback(packet_id)]
    wire.deliver(name, b"", 2, packet_id)


def test_mqtt_2_3_1_5_qos_0_has_no_packet_id(wire: Raw, name: str) -> None:
    """MQTT-2.3.1-5: what follows the topic is payload, on both ways."""
    wire.subscribe((name, 1))
    wire.send(publish(name, b"\x12\x34payload"))
    assert wire.packet() == publish(name, b"\x12\x34payload")


SHORT = {
    "PUBLISH without a topic": frame(0x30, b"\0"),
    "PUBLISH whose topic is longer than it": frame(0x30, b"\0\x05a"),
    "PUBLISH without its id": frame(0x32, text("a") + b"\0"),
    "PUBACK of one byte": frame(0x40, b"\x01"),
    "PUBREL of one byte": frame(0x62, b"\x01"),
    "SUBSCRIBE without a QoS": frame(0x82, number(1) + text("a")),
    "SUBSCRIBE of nothing": frame(0x82),
    "UNSUBSCRIBE whose filter is longer": frame(0xA2, number(1) + b"\0\x05a"),
}


@pytest.mark.parametrize("packet", SHORT.values(), ids=SHORT.keys())
def test_mqtt_4_8_0_1_a_packet_that_ends_too_early_closes(wire: Raw, packet: bytes) -> None:
    """MQTT-4.8.0-1: a protocol violation closes the connection."""
    assert wire.is_closed_by(packet)


LONG = {
    "PUBACK": frame(0x40, number(1) + b"\0"),
    "PINGREQ": frame(0xC0, b"\0"),
    "DISCONNECT": frame(0xE0, b"\0"),
}


@pytest.mark.parametrize("packet", LONG.values(), ids=LONG.keys())
def test_mqtt_4_8_0_1_a_packet_that_is_too_long_closes(wire: Raw, packet: bytes) -> None:
    """MQTT-4.8.0-1: sections 3.4, 3.12 and 3.14 fix these lengths."""
    assert wire.is_closed_by(packet)


def test_mqtt_4_2_0_1_however_the_bytes_are_cut(dial: Dial, name: str) -> None:
    """MQTT-4.2.0-1: the stream has no borders; byte by byte is as good as all at once."""
    wire = dial()
    stream = connect(name) + subscribe(1, (name, 1)) + publish(name, b"hi", 1, 7) + PINGREQ
    for byte in stream:
        wire.send(bytes((byte,)))
    got = wire.packets(5)
    assert got[:2] == [connack(), suback(1, 1)]
    assert {puback(7), publish(name, b"hi", 1, 1), PINGRESP} == set(got[2:])
    assert dial().login(name + "b").is_quiet()


def test_mqtt_4_2_0_1_many_packets_in_one_segment(dial: Dial, name: str) -> None:
    """MQTT-4.2.0-1: a client need not wait for a CONNACK (section 3.1.4), nor between two packets."""
    wire = dial()
    ids = range(1, 51)
    wire.send(connect(name), *(publish(name, b"x" * n, 1, n) for n in ids), DISCONNECT)
    assert wire.packets(52) == [connack(), *map(puback, ids), None]
