"""Messages between raw clients: QoS 0, 1 and 2, P2P, and the limits."""

from collections.abc import Callable

import pytest

from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.packets import (
    SUBACK_FAILURE,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from host_tools.twin.trace import Info
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.saying import end_of, received, subscribed
from tests.twin.wire import Wire

Login = Callable[..., Wire]
Start = Callable[..., TwinThread]


@pytest.mark.parametrize("published", [0, 1, 2])
@pytest.mark.parametrize("granted", [0, 1, 2])
def test_the_lower_qos_of_the_two_arrives(
    twin: TwinThread, connect_as: Login, published: int, granted: int
) -> None:
    sender, taker = connect_as(twin), connect_as(twin)
    topic = f"devcred/q{published}{granted}"
    assert subscribed(taker, (topic, granted)) == [granted]
    sender.send(Publish(topic, b"hi", published, packet_id=9 if published else 0))
    message = received(taker)
    assert (message.topic, message.payload, message.qos) == (topic, b"hi", min(published, granted))
    assert not message.dup and not message.retain
    if published:
        assert sender.receive() == (Puback(9) if published == 1 else Pubrec(9))


def test_qos_2_is_delivered_once_however_often_it_is_sent(twin: TwinThread, connect_as: Login) -> None:
    sender, taker = connect_as(twin), connect_as(twin)
    subscribed(taker, ("devcred/once", 2))
    sender.send(
        Publish("devcred/once", b"1", 2, packet_id=5), Publish("devcred/once", b"1", 2, dup=True, packet_id=5)
    )
    assert [sender.receive(), sender.receive()] == [Pubrec(5), Pubrec(5)]
    sender.send(Pubrel(5))
    assert sender.receive() == Pubcomp(5)
    number = received(taker).packet_id
    assert taker.is_quiet()
    taker.send(Pubrec(number))
    assert taker.receive() == Pubrel(number)
    taker.send(Pubcomp(number))
    sender.send(Publish("devcred/once", b"2", 2, packet_id=5))
    assert received(taker).payload == b"2"


def test_overlapping_filters_deliver_once_at_the_highest_qos(twin: TwinThread, connect_as: Login) -> None:
    sender, taker = connect_as(twin), connect_as(twin)
    subscribed(taker, ("devcred/o/#", 0), ("devcred/o/+", 1), ("devcred/o/x", 0))
    sender.send(Publish("devcred/o/x", b"", 1, packet_id=1))
    assert received(taker).qos == 1
    assert taker.is_quiet()


def test_unsubscribed_is_quiet(twin: TwinThread, connect_as: Login) -> None:
    wire = connect_as(twin)
    subscribed(wire, ("devcred/u", 1), ("devcred/u/+", 1))
    wire.send(Unsubscribe(2, ["devcred/u", "devcred/u/+", "devcred/never"]))
    assert wire.receive() == Unsuback(2)
    wire.send(Publish("devcred/u", b""), Publish("devcred/u/a", b""), Pingreq())
    assert wire.receive() == Pingresp()


def test_p2p_reaches_its_addressee_with_no_subscription_and_nobody_else(
    twin: TwinThread, connect_as: Login
) -> None:
    target = new_client_id()
    sender, spy = connect_as(twin), connect_as(twin)
    addressee = connect_as(twin, credentials_for(twin, target))
    subscribed(spy, ("devcred/#", 1), ("devcred/p2p/+", 1), (f"devcred/p2p/{target}", 1))
    subscribed(addressee, ("devcred/#", 1))
    sender.send(Publish(f"devcred/p2p/{target}", b"ping", 1, packet_id=3))
    assert sender.receive() == Puback(3)
    message = received(addressee)
    assert (message.topic, message.payload, message.qos) == (f"devcred/p2p/{target}", b"ping", 1)
    assert addressee.is_quiet()
    assert spy.is_quiet()


def test_p2p_reaches_subscribers_by_setting(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin(settings=Settings(p2p_reaches_subscribers=True))
    target = new_client_id()
    addressee, spy = connect_as(twin, credentials_for(twin, target)), connect_as(twin)
    for wire in (addressee, spy):
        subscribed(wire, ("devcred/#", 1))
    spy.send(Publish(f"devcred/p2p/{target}", b"x"))
    assert received(addressee).payload == received(spy).payload == b"x"
    assert addressee.is_quiet()


def test_p2p_with_the_longest_client_id(twin: TwinThread, connect_as: Login) -> None:
    target = "GID_test@@@" + "d" * 53
    addressee = connect_as(twin, credentials_for(twin, target))
    connect_as(twin).send(Publish(f"devcred/p2p/{target}", b"far"))
    assert received(addressee).payload == b"far"


REFUSED = {
    "unknown parent": "nowhere/a",
    "65 characters": "devcred/" + "x" * 57,
    "two characters": "de",
    "$SYS": "$SYS/uploadToken",
    "$share": "$share/g/devcred",
    "odd character": "devcred/a:b",
    "empty level": "devcred//a",
    "P2P to no client ID": "devcred/p2p/nobody",
}


@pytest.mark.parametrize("topic", REFUSED.values(), ids=REFUSED.keys())
def test_publishing_against_the_rules_closes_without_an_acknowledgement(
    twin: TwinThread, connect_as: Login, topic: str
) -> None:
    wire = connect_as(twin)
    wire.send(Publish(topic, b"x", 1, packet_id=1))
    assert wire.is_closed()
    assert end_of(twin, wire) is Info.RESOURCE


@pytest.mark.parametrize(
    "text", ["nowhere/#", "#", "+/a", "$SYS/#", "$share/g/devcred/a", "devcred/" + "x" * 57]
)
def test_subscribing_against_the_rules_closes_without_an_acknowledgement(
    twin: TwinThread, connect_as: Login, text: str
) -> None:
    wire = connect_as(twin)
    wire.send(Subscribe(1, [("devcred/fine", 1), (text, 1)]))
    assert wire.is_closed()
    assert end_of(twin, wire) is Info.RESOURCE


def test_64_characters_and_another_case_of_the_parent_are_fine(twin: TwinThread, connect_as: Login) -> None:
    wire = connect_as(twin)
    wire.send(Publish("DevCred/" + "x" * 56, b"", 1, packet_id=1))
    assert wire.receive() == Puback(1)


def test_a_parent_topic_may_come_into_being_later(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin()
    for refused in (True, False):
        wire = connect_as(twin)
        wire.send(Publish("devcred/a", b"", 1, packet_id=1), Publish("later/a", b"", 1, packet_id=2))
        assert wire.receive() == Puback(1)
        assert wire.receive() == (None if refused else Puback(2))
        twin.call(twin.twin.state.add_topic, "Later")


@pytest.mark.parametrize(
    ("settings", "closes"), [(Settings(), True), (Settings(payload_oversize="drop"), False)]
)
def test_64_kb_is_the_limit(start_twin: Start, connect_as: Login, settings: Settings, closes: bool) -> None:
    twin = start_twin(settings=settings)
    wire = connect_as(twin)
    subscribed(wire, ("devcred/big", 0))
    wire.send(Publish("devcred/big", b"x" * 65536))
    assert len(received(wire).payload) == 65536
    wire.send(Publish("devcred/big", b"x" * 65537, 1, packet_id=1))
    assert wire.is_closed() if closes else wire.receive() == Puback(1) and wire.is_quiet()


def test_a_packet_far_too_long_closes_before_its_body_comes(twin: TwinThread, connect_as: Login) -> None:
    wire = connect_as(twin)
    wire.send(b"\x30\xff\xff\xff\x7f")
    assert wire.is_closed()
    assert end_of(twin, wire) is Info.INVALID


@pytest.mark.parametrize(("setting", "code"), [("failure", SUBACK_FAILURE), ("silent", 1)])
def test_the_31st_subscription_takes_no_effect(
    start_twin: Start, connect_as: Login, setting: str, code: int
) -> None:
    twin = start_twin(settings=Settings(too_many_subscriptions=setting))
    wire = connect_as(twin)
    assert subscribed(wire, *((f"devcred/{n}", 1) for n in range(31))) == [1] * 30 + [code]
    assert subscribed(wire, ("devcred/0", 0)) == [0]  # one that is there may change
    wire.send(Publish("devcred/30", b""), Publish("devcred/29", b"last"))
    assert received(wire).payload == b"last"


@pytest.mark.parametrize(("setting", "closes"), [("ignore", False), ("refuse", True)])
def test_retain_keeps_nothing(start_twin: Start, connect_as: Login, setting: str, closes: bool) -> None:
    twin = start_twin(settings=Settings(retain=setting))
    wire = connect_as(twin)
    wire.send(Publish("devcred/r", b"old", 1, retain=True, packet_id=1))
    if closes:
        assert wire.is_closed()
        return
    assert wire.receive() == Puback(1)
    subscribed(wire, ("devcred/r", 1))
    assert wire.is_quiet()
