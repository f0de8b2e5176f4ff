"""MQTT 3.1.1 sections 3.8 to 3.13 and 4.7: subscriptions, wildcards, and how they end."""

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
    suback,
    subscribe,
    text,
    unsuback,
    unsubscribe,
)


def test_mqtt_3_9_3_1_codes_in_the_order_of_the_filters(wire: Raw, name: str) -> None:
    """MQTT-3.9.3-1, MQTT-3.8.4-1, -2, -4, -5; MQTT-2.3.1-7: one code each, in one SUBACK."""
    wire.send(subscribe(300, *((f"{name}/{n}", n % 3) for n in range(20))))
    assert wire.packet() == suback(300, *(n % 3 for n in range(20)))
    wire.send(subscribe(301, (name, 2), (name, 0), (name, 1)))
    assert wire.packet() == suback(301, 2, 0, 1)


def test_mqtt_3_8_3_3_no_filter_closes(wire: Raw) -> None:
    """MQTT-3.8.3-3."""
    assert wire.is_closed_by(subscribe(1))


@pytest.mark.parametrize("options", [3, 4, 0x40, 0x80, 0xFF])
def test_mqtt_3_8_3_4_reserved_bits_of_the_qos_close(wire: Raw, name: str, options: int) -> None:
    """MQTT-3-8.3-4."""
    assert wire.is_closed_by(subscribe(1, (name, 0), (name, options)))


@pytest.mark.parametrize("first", [0x80, 0x81, 0x8A])
def test_mqtt_3_8_1_1_flags_of_subscribe_close(wire: Raw, name: str, first: int) -> None:
    """MQTT-3.8.1-1."""
    assert wire.is_closed_by(frame(first, number(1) + text(name) + b"\0"))


def test_mqtt_3_8_4_3_the_same_filter_again_replaces_the_first(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-3.8.4-3: with its new QoS, and one copy of each message."""
    for qos in (0, 2, 1):
        other.subscribe((name, qos))
        wire.deliver(name, b"x", 2)
        assert other.message().qos == qos
        assert other.is_quiet()


def test_mqtt_3_8_4_4_many_filters_are_many_subscriptions(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-3.8.4-4: each takes effect."""
    other.subscribe(*((f"{name}/{n}", 0) for n in range(100)))
    for n in (0, 50, 99):
        wire.deliver(f"{name}/{n}")
        assert other.message().topic == f"{name}/{n}"


def test_mqtt_3_10_4_1_an_exact_filter_is_deleted(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-3.10.4-1, -2: character by character; a filter that would match it stays."""
    other.subscribe((f"{name}/a", 0), (f"{name}/A", 0), (f"{name}/b/#", 0), (f"{name}/d", 0))
    other.send(unsubscribe(2, f"{name}/a", f"{name}/+", f"{name}/b", f"{name}/d"))
    assert other.packet() == unsuback(2)
    for topic in ("a", "d", "A", "b", "b/c"):
        wire.deliver(f"{name}/{topic}")
    assert [other.message().topic for _ in range(3)] == [f"{name}/A", f"{name}/b", f"{name}/b/c"]
    assert other.is_quiet()


def test_mqtt_3_10_4_5_nothing_to_delete_is_answered(wire: Raw, name: str) -> None:
    """MQTT-3.10.4-4, -5, -6."""
    wire.send(unsubscribe(65535, name, f"{name}/#", name))
    assert wire.packet() == unsuback(65535)


def test_mqtt_3_10_4_3_what_was_begun_is_finished(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-3.10.4-3: QoS 1 and 2 messages under way when the subscription ends."""
    with dial().login(name, clean=False).subscribe((name, 2)) as wire:
        other.deliver(name, b"1", 1)
        other.deliver(name, b"2", 2)
        one, two = wire.message(), wire.message()
        wire.send(unsubscribe(2, name))
        assert wire.packet() == unsuback(2)
        wire.send(pubrec(two.packet_id))
        assert wire.packet() == pubrel(two.packet_id)
    with dial().login(name, clean=False, present=True) as wire:
        assert wire.packet() == publish(name, b"1", 1, one.packet_id, dup=True)
        assert wire.packet() == pubrel(two.packet_id)
        wire.send(puback(one.packet_id), pubcomp(two.packet_id))
        assert wire.is_quiet()


@pytest.mark.parametrize("first", [0xA0, 0xA1, 0xAA])
def test_mqtt_3_10_1_1_flags_of_unsubscribe_close(wire: Raw, name: str, first: int) -> None:
    """MQTT-3.10.1-1."""
    assert wire.is_closed_by(frame(first, number(1) + text(name)))


def test_mqtt_3_10_3_2_no_filter_closes(wire: Raw) -> None:
    """MQTT-3.10.3-2."""
    assert wire.is_closed_by(unsubscribe(1))


# filter, topics that it matches, topics that it does not; `T` stands for a level that is the test's own
MATCHES = [
    ("T", ["T"], ["T/a", "/T", "T/"]),
    ("T/#", ["T", "T/", "T/a", "T/a/b", "T//"], ["Ta", "/T"]),
    ("T/+", ["T/a", "T/"], ["T", "T/a/b"]),
    ("T/+/+", ["T/a/b", "T//", "T//b"], ["T/a", "T/a/b/c"]),
    ("T/+/c/#", ["T/a/c", "T//c/d"], ["T/a/b", "T/c"]),
    ("+/T", ["a/T", "/T"], ["T", "a/b/T"]),
    ("T/a b", ["T/a b"], ["T/ab", "T/a  b"]),
    ("T/é", ["T/é"], ["T/e\u0301", "T/É"]),
    ("T/a/", ["T/a/"], ["T/a", "T/a//"]),
    ("T//a", ["T//a"], ["T/a", "T///a"]),
    ("T/$a", ["T/$a"], ["T/a"]),
    ("T/+/x", ["T/$a/x"], ["T/$a"]),
]


@pytest.mark.parametrize(("pattern", "matching", "others"), MATCHES, ids=[case[0] for case in MATCHES])
def test_mqtt_4_7_3_4_matching_is_level_by_level(
    wire: Raw, other: Raw, name: str, pattern: str, matching: list[str], others: list[str]
) -> None:
    """MQTT-4.7.3-4, MQTT-4.7.1-2, -3; MQTT-3.3.2-3: empty levels count, case counts, nothing is changed."""
    other.subscribe((pattern.replace("T", name), 0))
    sent = [topic.replace("T", name) for topic in (*matching, *others)]
    for topic in sent:
        wire.deliver(topic)
    assert [other.message().topic for _ in matching] == sent[: len(matching)]
    assert other.is_quiet()


@pytest.mark.parametrize("pattern", ["a#", "#/a", "a/#/b", "##", "a/b#", "+a", "a+", "a/+b/c", "++", ""])
def test_mqtt_4_7_1_2_misplaced_wildcards_close(wire: Raw, pattern: str) -> None:
    """MQTT-4.7.1-2, -3; MQTT-4.7.3-1: each stands for levels of its own, `#` at the end."""
    assert wire.is_closed_by(subscribe(1, (pattern, 0)))


@pytest.mark.parametrize("pattern", ["#", "+/T", "+/#", "/#"])
def test_mqtt_4_7_2_1_wildcards_do_not_reach_dollar_topics(
    wire: Raw, other: Raw, name: str, pattern: str
) -> None:
    """MQTT-4.7.2-1: a wildcard in the first level; `$` further down is a character."""
    other.subscribe((pattern.replace("T", name), 0)).drain()  # other tests' retained messages
    wire.deliver(f"$x/{name}")
    wire.deliver(f"/{name}/$x" if pattern == "/#" else f"a/{name}")
    assert other.message().topic[0] != "$"
    assert other.is_quiet()


def test_mqtt_4_7_2_1_filters_that_name_the_dollar_level_do(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-4.7.2-1: `$x/#` and `$x/+` match what begins with `$x/`."""
    other.subscribe((f"$x{name}/#", 0))
    wire.deliver(f"$x{name}/a")
    assert other.message().topic == f"$x{name}/a"


def test_mqtt_4_7_3_3_topics_up_to_the_longest(wire: Raw, name: str) -> None:
    """MQTT-4.7.3-3: 65,535 bytes are the longest text there is."""
    topic = name.ljust(65535, "x")
    wire.subscribe((topic, 0))
    wire.send(publish(topic, b"x"))
    assert wire.message().topic == topic
