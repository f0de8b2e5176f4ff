"""MQTT 3.1.1 sections 3.3 to 3.7, 4.3 and 4.6: messages, their three qualities of service, their order."""

import pytest

from tests.conformance.conftest import Dial
from tests.conformance.raw import (
    Raw,
    frame,
    number,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
    text,
)


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_3_4_1_each_qos_has_its_answer(wire: Raw, name: str, qos: int) -> None:
    """MQTT-3.3.4-1, MQTT-4.3.1-1, MQTT-4.3.2-2, MQTT-4.3.3-2: none, PUBACK, PUBREC and PUBCOMP."""
    wire.deliver(name, b"x", qos, 77)
    assert wire.is_quiet()


@pytest.mark.parametrize("published", [0, 1, 2])
@pytest.mark.parametrize("granted", [0, 1, 2])
def test_mqtt_3_8_4_6_the_lower_qos_arrives(
    wire: Raw, other: Raw, name: str, published: int, granted: int
) -> None:
    """MQTT-3.8.4-6, MQTT-3.3.2-3, MQTT-4.5.0-1: topic and payload as they were sent, no flags."""
    other.subscribe((f"{name}/+/é", granted))
    wire.deliver(f"{name}/a/é", b"\0\xff", published)
    message = other.message()
    assert (message.topic, message.payload, message.qos) == (
        f"{name}/a/é",
        b"\0\xff",
        min(published, granted),
    )
    assert (message.dup, message.retain) == (False, False)
    assert (message.packet_id == 0) == (message.qos == 0)


def test_mqtt_3_3_1_2_dup_at_qos_0_closes(wire: Raw, name: str) -> None:
    """MQTT-3.3.1-2, MQTT-4.8.0-1."""
    assert wire.is_closed_by(publish(name, dup=True))


@pytest.mark.parametrize("first", [0x36, 0x3E, 0x37])
def test_mqtt_3_3_1_4_qos_3_closes(wire: Raw, name: str, first: int) -> None:
    """MQTT-3.3.1-4."""
    assert wire.is_closed_by(frame(first, text(name) + number(1)))


@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_1_3_dup_is_not_passed_on(wire: Raw, other: Raw, name: str, qos: int) -> None:
    """MQTT-3.3.1-3: the flag is the sender's own, on each way."""
    other.subscribe((name, 2))
    wire.send(publish(name, b"x", qos, 3, dup=True), pubrel(3) if qos == 2 else b"")
    assert wire.packet() == (puback(3) if qos == 1 else pubrec(3))
    assert not other.message().dup


def test_mqtt_3_3_1_9_retain_is_off_for_who_is_subscribed(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-3.3.1-9: however the message was published."""
    other.subscribe((name, 0))
    wire.send(publish(name, b"x", retain=True), publish(name, retain=True))
    assert [other.message().retain for _ in range(2)] == [False, False]


@pytest.mark.parametrize("topic", ["#", "+", "a/#", "a/+/b", "a#", "+a"])
def test_mqtt_3_3_2_2_no_wildcard_in_a_topic(wire: Raw, topic: str) -> None:
    """MQTT-3.3.2-2, MQTT-4.7.1-1."""
    assert wire.is_closed_by(publish(topic))


def test_mqtt_4_7_3_1_no_empty_topic(wire: Raw) -> None:
    """MQTT-4.7.3-1."""
    assert wire.is_closed_by(publish(""))


@pytest.mark.parametrize(
    ("filters", "highest"),
    [
        ([("/#", 2), ("/+", 1)], 2),
        ([("/#", 1), ("/+", 2)], 2),
        ([("/+", 1), ("/#", 2)], 2),
        ([("/a", 0), ("/#", 1)], 1),
        ([("/#", 0), ("/a", 1), ("/+", 0)], 1),
    ],
    ids=["2 1", "1 2", "other order", "name and wildcard", "three"],
)
def test_mqtt_3_3_5_1_overlapping_filters_at_the_highest_qos(
    wire: Raw, other: Raw, name: str, filters: list[tuple[str, int]], highest: int
) -> None:
    """MQTT-3.3.5-1: further copies, one for each filter, are the server's choice."""
    other.subscribe(*((name + end, qos) for end, qos in filters))
    wire.deliver(f"{name}/a", b"x", 2)
    copies = [packet[0] >> 1 & 3 for packet in other.drain()]
    assert max(copies) == highest
    assert len(copies) in (1, len(filters))


def test_mqtt_2_3_1_4_packet_ids_in_use_differ(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-2.3.1-4, MQTT-2.3.1-1: the server's ids of messages under way; both ways have ids of their own."""
    other.subscribe((name, 2))
    wire.send(*(publish(name, b"%d" % n, 1, 1) for n in range(20)))
    assert wire.packets(20) == [puback(1)] * 20
    ids = [other.message().packet_id for _ in range(20)]
    assert len(set(ids) - {0}) == 20
    other.deliver(name + "/else", b"", 2, ids[0])


def test_mqtt_4_3_3_1_the_whole_exchange_of_qos_2_from_the_server(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-4.3.3-1, MQTT-2.3.1-6: its four packets, with one id; a second PUBREC is answered too."""
    other.subscribe((name, 2))
    wire.deliver(name, b"x", 2)
    packet_id = other.message().packet_id
    for _ in range(2):
        other.send(pubrec(packet_id))
        assert other.packet() == pubrel(packet_id)
    other.send(pubcomp(packet_id))
    assert other.is_quiet()


def test_mqtt_4_3_3_2_a_repeated_qos_2_is_delivered_once(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-4.3.3-2, MQTT-3.6.1-1: until its PUBREL; then the same id is a new message."""
    other.subscribe((name, 0))
    for payload in (b"one", b"two"):
        wire.send(publish(name, payload, 2, 6), publish(name, payload, 2, 6, dup=True), pubrel(6))
        assert wire.packets(3) == [pubrec(6), pubrec(6), pubcomp(6)]
        assert other.message().payload == payload
        assert other.is_quiet()


def test_mqtt_4_3_3_2_a_pubrel_of_nothing_is_answered(wire: Raw) -> None:
    """MQTT-4.3.3-2: the PUBCOMP before may have been lost."""
    wire.send(pubrel(4711))
    assert wire.packet() == pubcomp(4711)


def test_mqtt_4_3_2_1_acknowledgements_of_nothing_change_nothing(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-4.3.2-1: they may be late; the connection stays."""
    other.subscribe((name, 1))
    other.send(puback(4711))
    wire.deliver(name, b"x", 1)
    assert other.message().payload == b"x"


def test_mqtt_4_6_0_2_acknowledgements_keep_the_order(wire: Raw, name: str) -> None:
    """MQTT-4.6.0-2, -3, -4: PUBACK, PUBREC and PUBCOMP, each in the order of what they answer."""
    ids = [5, 3, 9, 1, 7]
    wire.send(*(publish(name, b"", 1, n) for n in ids))
    assert wire.packets(5) == [puback(n) for n in ids]
    wire.send(*(publish(name, b"", 2, n) for n in ids))
    assert wire.packets(5) == [pubrec(n) for n in ids]
    wire.send(*map(pubrel, ids))
    assert wire.packets(5) == [pubcomp(n) for n in ids]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_4_6_0_5_a_topic_keeps_its_order(wire: Raw, other: Raw, name: str, qos: int) -> None:
    """MQTT-4.6.0-5, -6: messages of one topic and QoS."""
    other.subscribe((name, qos))
    for n in range(1, 21):
        wire.deliver(name, b"%d" % n, qos, n)
    assert [other.message().payload for _ in range(20)] == [b"%d" % n for n in range(1, 21)]


def test_mqtt_4_6_0_4_pubrels_keep_the_order(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-4.6.0-4: of the PUBRECs that they answer."""
    other.subscribe((name, 2))
    for n in range(1, 6):
        wire.deliver(name, b"", 2, n)
    ids = [other.message().packet_id for _ in range(5)]
    mixed = [ids[n] for n in (3, 0, 4, 1, 2)]
    other.send(*map(pubrec, mixed))
    assert other.packets(5) == [pubrel(n) for n in mixed]


def test_section_3_3_3_an_empty_payload_is_a_message(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-3.3.2-3 and section 3.3.3: a payload of no bytes is valid."""
    other.subscribe((name, 1))
    wire.deliver(name, b"", 1)
    assert other.message().payload == b""


def test_mqtt_4_5_0_1_every_subscriber_gets_it(dial: Dial, wire: Raw, name: str) -> None:
    """MQTT-4.5.0-1, MQTT-3.8.4-6: each at its own QoS, the publisher itself among them."""
    takers = [dial().login(f"{name}t{n}").subscribe((name, n % 3)) for n in range(9)]
    wire.subscribe((name, 1))
    wire.send(publish(name, b"all", 1, 1))
    assert sorted(packet[0] >> 4 for packet in wire.packets(2) if packet) == [3, 4]
    assert [taker.message().qos for taker in takers] == [min(n % 3, 1) for n in range(9)]
