"""The other reading of settings that no other test turns."""

from collections.abc import Callable

import pytest

from host_tools.twin import Settings, TwinThread
from host_tools.twin.api.sessions import send_message
from host_tools.twin.api.world import World
from host_tools.twin.broker.packets import (
    SUBACK_FAILURE,
    Connack,
    Connect,
    Disconnect,
    Puback,
    Publish,
    Pubrec,
    Suback,
    Subscribe,
)
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.wire import Wire

Login = Callable[..., Wire]
Start = Callable[..., TwinThread]


def acknowledged(wire: Wire, topic: str) -> bool:
    wire.send(Publish(topic, b"", 1, packet_id=1))
    return wire.receive() == Puback(1)


def test_any_characters_in_a_topic(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin(settings=Settings(topic_characters="any"))
    assert acknowledged(connect_as(twin), "devcred/a:b/é")
    assert not acknowledged(connect_as(twin), "devcred/" + "é" * 57)


def test_the_client_id_of_a_p2p_topic_counted_in(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin(settings=Settings(p2p_length_exempt=False))
    assert acknowledged(connect_as(twin), "devcred/p2p/GID_test@@@" + "d" * 41)
    assert not acknowledged(connect_as(twin), "devcred/p2p/GID_test@@@" + "d" * 42)


def test_a_wildcard_for_the_parent(start_twin: Start, connect_as: Login) -> None:
    wire = connect_as(start_twin(settings=Settings(wildcard_parent="allow")))
    wire.send(Subscribe(1, [("+/a", 1), ("#", 0)]))
    assert wire.receive() == Suback(1, [1, 0])


@pytest.mark.parametrize(("setting", "code", "kept"), [("refuse", SUBACK_FAILURE, 0), ("keep", 2, 2)])
def test_qos_2_with_a_kept_session(
    start_twin: Start, connect_as: Login, setting: str, code: int, kept: int
) -> None:
    twin = start_twin(settings=Settings(qos2_persistent=setting))
    connect = credentials_for(twin, new_client_id(), clean_session=False)
    wire = connect_as(twin, connect)
    wire.send(Subscribe(1, [("devcred/two", 2)]))
    assert wire.receive() == Suback(1, [code])
    wire.send(Disconnect())
    assert wire.is_closed()
    sender = connect_as(twin)
    for number in (1, 2):
        sender.send(Publish("devcred/two", b"", 2, packet_id=number))
        assert sender.receive() == Pubrec(number)
    back = connect_as(twin, connect)
    assert [back.receive() for _ in range(kept)] == [
        Publish("devcred/two", b"", 2, packet_id=number) for number in range(1, kept + 1)
    ]
    assert back.is_quiet()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_the_qos_of_send_message(start_twin: Start, connect_as: Login, qos: int) -> None:
    settings = Settings(send_message_qos=qos)
    twin = start_twin(settings=settings)
    wire = connect_as(twin)
    world = World(twin.twin.state, settings, twin.twin.broker)
    twin.call(send_message, world, {"MqttTopic": f"devcred/p2p/{wire.client_id}", "Payload": "x"})
    message = wire.receive()
    assert isinstance(message, Publish)
    assert message.qos == qos


def test_plain_mqtt_with_the_services_rules_off(start_twin: Start) -> None:
    twin = start_twin(settings=Settings(login=False, topic_rules=False))
    with Wire(twin.mqtt_port) as one, Wire(twin.mqtt_port) as two:
        for wire in (one, two):
            assert wire.login(Connect()) == Connack(False, 0)  # no client ID: each gets one of its own
        one.send(Subscribe(1, [("#", 1), ("$odd/topic/:", 1)]))
        assert one.receive() == Suback(1, [1, 1])
        for topic in ("a", "/any/p2p/who ever", "$odd/topic/:"):
            assert acknowledged(two, topic)
            message = one.receive()
            assert isinstance(message, Publish)
            assert message.topic == topic


def test_p2p_messages_for_strangers_are_bounded(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin(settings=Settings(max_sessions=3))
    sender = connect_as(twin, clean_session=False)
    for number in range(10):
        assert acknowledged(sender, f"devcred/p2p/GID_test@@@absent{number}")
    assert len(twin.twin.broker.router.sessions) == 3
