"""MQTT 3.1.1 sections 3.1.2.5 and 3.3.1.3: wills, retained messages. The twin has them by setting only."""

from collections.abc import Iterator

import pytest

from host_tools.twin import Settings, TwinThread
from tests.conformance.brokers import PLAIN
from tests.conformance.conftest import Dial
from tests.conformance.raw import Message, Raw, connack, connect, puback, publish, text

WILL = 0x04


def with_will(dial: Dial, name: str, flags: int) -> Raw:
    """A client whose will goes to `<name>/will`."""
    wire = dial()
    wire.send(connect(name, text(f"{name}/will"), text("gone"), flags=WILL | flags))
    assert wire.packet() == connack()
    return wire


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_3_1_6_a_new_subscription_gets_the_last_one(
    wire: Raw, other: Raw, name: str, qos: int
) -> None:
    """MQTT-3.3.1-5, -6, -8; MQTT-3.8.4-6: of each topic that matches, with RETAIN, at the lower QoS."""
    for topic in ("a", "b"):
        for payload in (b"old", b"new"):
            wire.send(publish(f"{name}/{topic}", payload, 1, 1, retain=True))
            assert wire.packet() == puback(1)
    other.subscribe((f"{name}/+", qos))
    got = [other.message() for _ in range(2)]
    assert {message.topic for message in got} == {f"{name}/a", f"{name}/b"}
    assert {(each.payload, each.qos, each.retain, each.dup) for each in got} == {
        (b"new", min(qos, 1), True, False)
    }
    other.send(*(puback(message.packet_id) for message in got if message.qos))
    assert other.is_quiet()


def test_mqtt_3_3_1_10_an_empty_one_takes_it_away(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-3.3.1-10, -11: and is a message to who is subscribed."""
    other.subscribe((name, 0))
    wire.send(publish(name, b"x", retain=True), publish(name, b"", retain=True))
    assert [other.message().payload, other.message().payload] == [b"x", b""]
    assert wire.is_quiet()
    assert wire.subscribe((name, 0)).is_quiet()


def test_mqtt_3_3_1_12_one_without_the_flag_leaves_it(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-3.3.1-12: it is not kept, nor does it take the place of the one that is."""
    wire.send(publish(name, b"kept", retain=True), publish(name, b"passing"), publish(name, b""))
    assert wire.is_quiet()
    other.subscribe((name, 0))
    assert other.message().payload == b"kept"
    assert other.is_quiet()


def test_mqtt_3_3_1_7_qos_0_replaces_what_was_kept(wire: Raw, other: Raw, name: str) -> None:
    """MQTT-3.3.1-7, MQTT-3.1.2-7: and outlives the session of its sender."""
    wire.send(publish(name, b"old", 1, 1, retain=True), publish(name, b"new", retain=True))
    assert wire.packet() == puback(1)
    wire.leave()
    other.subscribe((name, 1))
    assert other.message() == Message(name, b"new", 0, 0, dup=False, retain=True)


def test_mqtt_3_8_4_3_subscribing_again_sends_them_again(wire: Raw, name: str) -> None:
    """MQTT-3.8.4-3, MQTT-3.3.1-6."""
    wire.send(publish(name, b"x", retain=True))
    for _ in range(2):
        wire.subscribe((name, 0))
        assert wire.message().retain
    assert wire.is_quiet()


@pytest.mark.parametrize("flags", [0x00, 0x08, 0x10])
def test_mqtt_3_1_2_8_a_will_follows_a_lost_connection(dial: Dial, other: Raw, name: str, flags: int) -> None:
    """MQTT-3.1.2-8, -10, -16: at its QoS, once, not retained."""
    other.subscribe((f"{name}/will", 2))
    with_will(dial, name, flags).socket.close()
    message = other.message()
    assert (message.payload, message.qos, message.retain) == (b"gone", flags >> 3, False)
    dial().login(name).leave()
    assert dial().login(name).subscribe((f"{name}/will", 0)).is_quiet()


def test_mqtt_3_1_2_17_a_retained_will(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-3.1.2-17, MQTT-3.3.1-9."""
    other.subscribe((f"{name}/will", 0))
    with_will(dial, name, 0x20).socket.close()
    assert not other.message().retain
    late = dial().login(name + "late").subscribe((f"{name}/will", 0))
    assert late.message().retain


def test_mqtt_3_1_2_8_a_will_follows_what_the_server_ends(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-3.1.2-8, MQTT-3.1.4-2: a protocol error, and another connection that takes the place."""
    other.subscribe((f"{name}/will", 0))
    assert with_will(dial, name, 0).is_closed_by(b"\xf0\0")
    assert other.message().payload == b"gone"
    older = with_will(dial, name, 0)
    dial().login(name)
    assert older.is_closed()
    assert other.message().payload == b"gone"


@pytest.fixture(scope="module")
def ruled() -> Iterator[TwinThread]:
    """The twin with the service's rule for both, and no other."""
    settings = {name: value for name, value in PLAIN.items() if name not in ("will", "retain")}
    with TwinThread(settings=Settings(**settings)) as running:
        yield running


def test_by_the_services_rule_nothing_is_retained(ruled: TwinThread) -> None:
    """RETAIN is passed over: the message goes round and none is kept."""
    with Raw(ruled.mqtt_port) as wire:
        wire.login("r").subscribe(("a", 1))
        wire.send(publish("a", b"x", retain=True))
        assert wire.message() == Message("a", b"x", 0, 0, dup=False, retain=False)
        assert wire.subscribe(("a", 1), ("#", 1)).is_quiet()


def test_by_the_services_rule_no_will_is_published(ruled: TwinThread) -> None:
    """A CONNECT with a will is let in, and its will forgotten."""
    with Raw(ruled.mqtt_port) as other, Raw(ruled.mqtt_port) as wire:
        other.login("o").subscribe(("w", 1))
        wire.send(connect("w", text("w"), text("gone"), flags=WILL))
        assert wire.packet() == connack()
        assert wire.is_closed_by(b"\xf0\0")
        assert other.is_quiet()
