"""MQTT 3.1.1 sections 3.1.2.4, 3.1.4, 3.2, 4.1 and 4.4: sessions, take-over, what is sent again."""

import pytest

from tests.conformance.conftest import Dial
from tests.conformance.raw import (
    DISCONNECT,
    Message,
    Raw,
    connack,
    connect,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
)


def kept(dial: Dial, name: str, *, present: bool = False) -> Raw:
    """A client that keeps its session."""
    return dial().login(name, clean=False, present=present)


def unacknowledged(message: Message) -> bytes:
    """A PUBLISH as it must come again: the same, with DUP."""
    return publish(message.topic, message.payload, message.qos, message.packet_id, dup=True)


def test_mqtt_3_2_0_1_connack_comes_first(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-3.2.0-1, MQTT-3.1.4-4: before messages that waited for the client."""
    kept(dial, name).subscribe((name, 1)).leave()
    other.deliver(name, b"waits", 1)
    wire = dial()
    wire.send(connect(name, clean=False))
    assert wire.packet() == connack(present=True)
    assert wire.message().payload == b"waits"


@pytest.mark.parametrize(("clean", "present"), [(True, False), (False, True)])
def test_mqtt_3_2_2_2_session_present_tells_of_a_kept_session(
    dial: Dial, name: str, clean: bool, present: bool
) -> None:
    """MQTT-3.2.2-1, -2, -3, -4; MQTT-3.1.2-6, MQTT-3.1.4-3: set only where a session is gone on with."""
    kept(dial, name).leave()
    dial().login(name, clean=clean, present=present).leave()
    kept(dial, name, present=present).leave()


def test_mqtt_3_1_2_6_a_clean_session_ends_with_its_connection(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-3.1.2-6, MQTT-4.1.0-2: and begins with nothing of the one before."""
    kept(dial, name).subscribe((name, 1)).leave()
    dial().login(name).leave()
    other.deliver(name, b"to nobody", 1)
    assert kept(dial, name).is_quiet()
    other.deliver(name, b"to nobody", 1)
    assert dial().login(name).is_quiet()


def test_mqtt_3_1_2_4_subscriptions_outlive_the_connection(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-3.1.2-4, MQTT-4.1.0-1: whether it ended in order or not."""
    with kept(dial, name) as wire:
        wire.subscribe((f"{name}/+", 0))
    with kept(dial, name, present=True) as wire:
        other.deliver(f"{name}/a")
        assert wire.message().topic == f"{name}/a"
        wire.leave()
    with kept(dial, name, present=True) as wire:
        other.deliver(f"{name}/b")
        assert wire.message().topic == f"{name}/b"


@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_1_2_5_messages_wait_for_an_absent_client(dial: Dial, other: Raw, name: str, qos: int) -> None:
    """MQTT-3.1.2-5, MQTT-4.5.0-1, MQTT-3.3.1-1: QoS 1 and 2, in their order, without DUP the first time."""
    kept(dial, name).subscribe((name, 2)).leave()
    for n in range(1, 11):
        other.deliver(name, b"%d" % n, qos, n)
    wire = kept(dial, name, present=True)
    got = [wire.message() for _ in range(10)]
    assert [message.payload for message in got] == [b"%d" % n for n in range(1, 11)]
    assert {(message.qos, message.dup, message.retain) for message in got} == {(qos, False, False)}


def test_mqtt_4_4_0_1_unacknowledged_publishes_come_again(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-4.4.0-1, MQTT-3.3.1-1, MQTT-4.3.2-1, MQTT-4.6.0-1: same ids, same order, with DUP, each time."""
    with kept(dial, name) as wire:
        wire.subscribe((name, 2))
        for n in range(1, 7):
            other.deliver(name, b"%d" % n, 1 + n % 2, n)
        got = [wire.message() for _ in range(6)]
        wire.send(puback(got[1].packet_id))
        assert wire.is_quiet()
    again = [unacknowledged(message) for message in (got[0], *got[2:])]
    for _ in range(2):
        with kept(dial, name, present=True) as wire:
            assert wire.packets(5) == again
            assert wire.is_quiet()


def test_mqtt_4_5_0_1_what_no_window_took_is_kept(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-4.5.0-1, MQTT-4.1.0-1, MQTT-4.6.0-6: more messages than a broker sends without acknowledgement."""
    sent = [b"%d" % n for n in range(1, 201)]
    with kept(dial, name) as wire:
        wire.subscribe((name, 1))
        for n, payload in enumerate(sent, 1):
            other.deliver(name, payload, 1, n)
        under_way = len(wire.drain())
        assert 0 < under_way < len(sent)
    got: list[bytes] = []
    with kept(dial, name, present=True) as wire:
        for _ in sent:
            message = wire.message()
            assert message.dup == (len(got) < under_way)
            got.append(message.payload)
            wire.send(puback(message.packet_id))
        assert wire.is_quiet()
    assert got == sent


def test_mqtt_4_4_0_1_unanswered_pubrels_come_again(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-4.4.0-1, MQTT-4.3.3-1, MQTT-2.3.1-6: after a PUBREC the PUBREL, and never the PUBLISH."""
    with kept(dial, name) as wire:
        wire.subscribe((name, 2))
        other.deliver(name, b"once", 2)
        packet_id = wire.message().packet_id
        wire.send(pubrec(packet_id))
        assert wire.packet() == pubrel(packet_id)
    with kept(dial, name, present=True) as wire:
        assert wire.packet() == pubrel(packet_id)
        wire.send(pubcomp(packet_id))
        assert wire.is_quiet()
    assert kept(dial, name, present=True).is_quiet()


def test_mqtt_4_3_3_2_qos_2_is_once_over_two_connections(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-4.3.3-2, MQTT-3.1.2-4: ids that were received and not released belong to the session."""
    other.subscribe((name, 0))
    with kept(dial, name) as wire:
        wire.send(publish(name, b"once", 2, 5))
        assert wire.packet() == pubrec(5)
    with kept(dial, name, present=True) as wire:
        wire.send(publish(name, b"once", 2, 5, dup=True))
        assert wire.packet() == pubrec(5)
        wire.send(pubrel(5))
        assert wire.packet() == pubcomp(5)
    assert other.message().payload == b"once"
    assert other.is_quiet()


def test_mqtt_4_3_2_2_qos_1_is_at_least_once(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-4.3.2-2, MQTT-3.3.1-3: after the PUBACK the same id is a new message; DUP goes no further."""
    other.subscribe((name, 1))
    wire = dial().login(name)
    for _ in range(2):
        wire.send(publish(name, b"again", 1, 9, dup=True))
        assert wire.packet() == puback(9)
        message = other.message()
        assert (message.payload, message.dup) == (b"again", False)
        other.send(puback(message.packet_id))
    assert other.is_quiet()


def test_mqtt_3_1_4_2_a_second_connection_takes_the_place(dial: Dial, wire: Raw, name: str) -> None:
    """MQTT-3.1.4-2, MQTT-3.1.3-2: the older one is closed."""
    newer = dial().login(name)
    assert wire.is_closed()
    assert newer.is_quiet()


def test_mqtt_3_1_4_2_taking_over_a_kept_session(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-3.1.4-2, -3; MQTT-4.4.0-1: with its subscriptions and what was not acknowledged."""
    older = kept(dial, name).subscribe((name, 1))
    other.deliver(name, b"1", 1)
    first = older.message()
    newer = kept(dial, name, present=True)
    assert older.is_closed()
    assert newer.packet() == unacknowledged(first)
    other.deliver(name, b"2", 1)
    assert newer.message().payload == b"2"


def test_mqtt_3_1_4_2_taking_over_with_a_clean_session(dial: Dial, other: Raw, name: str) -> None:
    """MQTT-3.1.4-2, -3; MQTT-3.1.2-6: nothing of the older one is left."""
    older = kept(dial, name).subscribe((name, 1))
    newer = dial().login(name)
    assert older.is_closed()
    other.deliver(name, b"1", 1)
    assert newer.is_quiet()


def test_mqtt_3_14_4_2_nothing_counts_after_a_disconnect(dial: Dial, name: str) -> None:
    """MQTT-3.14.4-1, -2: what comes behind a DISCONNECT does not count."""
    watcher = dial().login(name).subscribe((name, 1))
    wire = dial().login(name + "b")
    wire.send(DISCONNECT, publish(name, b"late", 1, 1))
    assert wire.is_closed()
    assert watcher.is_quiet()


@pytest.mark.parametrize("clean", [True, False])
def test_mqtt_3_14_4_3_disconnect_drops_the_will(dial: Dial, other: Raw, name: str, clean: bool) -> None:
    """MQTT-3.14.4-3, MQTT-3.1.2-10, -12."""
    other.subscribe((f"{name}/will", 0))
    wire = dial()
    wire.send(
        connect(
            name, b"\0" + bytes((len(name) + 5,)) + f"{name}/will".encode(), b"\0\0", flags=4, clean=clean
        )
    )
    assert wire.packet() == connack()
    wire.leave()
    assert other.is_quiet()
