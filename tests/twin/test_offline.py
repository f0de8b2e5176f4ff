"""What waits for an absent client, how it comes, and what is sent again to one that is there."""

from collections.abc import Callable
from typing import Any

import pytest

from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.packets import Puback, Publish, Pubrec
from host_tools.twin.clock import ManualClock
from host_tools.twin.trace import MessageAction
from tests.twin.kept import Kept, batch, publish
from tests.twin.saying import received, subscribed
from tests.twin.wire import Wire

Start = Callable[..., TwinThread]
Login = Callable[..., Wire]
Numbers = list[int]


class Scene:
    """A twin with a clock to move, a sender, and an absent device."""

    def __init__(self, start_twin: Start, connect_as: Login, **settings: Any) -> None:
        self.clock = ManualClock()
        self.twin = start_twin(clock=self.clock, settings=Settings(**settings))
        self.device = Kept(self.twin)
        self.device.was_here()
        self.sender = connect_as(self.twin, keepalive_s=0)
        self.connect_as = connect_as

    def send(self, *numbers: int) -> None:
        publish(self.sender, self.device.topic, *numbers)


@pytest.fixture
def scene(start_twin: Start, connect_as: Login) -> Callable[..., Scene]:
    return lambda **settings: Scene(start_twin, connect_as, **settings)


def numbers(first: int, last: int) -> Numbers:
    return list(range(first, last + 1))


def test_offline_messages_come_in_batches_of_30_every_5_s(scene: Callable[..., Scene]) -> None:
    here = scene()
    here.send(*numbers(1, 70))
    with here.device.come() as wire:
        assert batch(wire) == numbers(1, 30)
        here.clock.advance(4.9)
        assert batch(wire) == []
        here.clock.advance(0.2)
        assert batch(wire) == numbers(31, 60)
        here.clock.advance(5)
        assert batch(wire) == numbers(61, 70)
        here.clock.advance(60)
        assert batch(wire) == []
        assert here.twin.call(lambda: here.twin.twin.broker.common.waiting) == 0


def test_what_is_new_does_not_wait_for_the_batches(scene: Callable[..., Scene]) -> None:
    here = scene(offline_batch=2)
    here.send(*numbers(1, 5))
    with here.device.come() as wire:
        assert batch(wire) == [1, 2]
        here.send(6)
        assert batch(wire) == [6]
        here.clock.advance(10)
        assert batch(wire) == [3, 4, 5]


def test_a_client_that_leaves_between_batches_gets_the_rest_next_time(scene: Callable[..., Scene]) -> None:
    here = scene(offline_batch=2)
    here.send(*numbers(1, 5))
    with here.device.come() as wire:
        assert batch(wire) == [1, 2]
        here.device.leave(wire)
    here.clock.advance(60)
    with here.device.come() as wire:
        assert batch(wire) == [3, 4]
        here.clock.advance(5)
        assert batch(wire) == [5]


def test_a_batch_waits_for_room_in_the_window(scene: Callable[..., Scene]) -> None:
    here = scene(max_inflight=10, resend_s=0)
    here.send(*numbers(1, 25))
    with here.device.come() as wire:
        assert batch(wire, acknowledge=False) == numbers(1, 10)
        here.clock.advance(20)
        assert batch(wire, acknowledge=False) == []
        wire.send(*(Puback(packet_id) for packet_id in numbers(1, 10)))
        assert wire.is_quiet()
        here.clock.advance(5)
        assert batch(wire) == numbers(11, 20)


def test_three_days_and_no_longer(scene: Callable[..., Scene]) -> None:
    here = scene()
    here.send(1)
    here.clock.advance(86400)
    here.send(2)
    here.clock.advance(2 * 86400)
    with here.device.come() as wire:
        assert batch(wire) == [2]


def test_the_oldest_of_a_client_and_of_the_instance_go_first(scene: Callable[..., Scene]) -> None:
    here = scene(offline_messages=3, offline_instance=4)
    other = Kept(here.twin, "devcred/other")
    other.was_here()
    here.send(*numbers(1, 5))  # 3, 4, 5 stay
    publish(here.sender, other.topic, 6, 7)  # 3 has to go as well
    with here.device.come() as wire:
        assert batch(wire) == [4, 5]
    with other.come() as wire:
        assert batch(wire) == [6, 7]


def test_messages_of_the_past_make_room_without_their_client(scene: Callable[..., Scene]) -> None:
    here = scene()
    here.send(*numbers(1, 50))
    here.clock.advance(4 * 86400)
    for _ in range(60):
        here.send(1)
    assert here.twin.call(lambda: here.twin.twin.broker.common.waiting) < 70


# Resending to a client that is there.


def comes_again(wire: Wire, first: Publish) -> bool:
    packet = received(wire)
    return packet == Publish(first.topic, first.payload, 1, dup=True, packet_id=first.packet_id)


def test_what_is_not_acknowledged_comes_again_after_5_to_10_s(scene: Callable[..., Scene]) -> None:
    here = scene()
    with here.device.come() as wire:
        here.send(1)
        first = received(wire)
        assert not first.dup
        here.clock.advance(4.9)
        assert wire.is_quiet()
        here.clock.advance(5.2)
        assert comes_again(wire, first)
        wire.send(Puback(first.packet_id))
        assert wire.is_quiet()
        here.clock.advance(60)
        assert wire.is_quiet()


def test_after_some_tries_it_waits_for_the_next_login(scene: Callable[..., Scene]) -> None:
    here = scene(resend_tries=2)
    with here.device.come() as wire:
        here.send(1)
        first = received(wire)
        here.clock.advance(600)
        assert comes_again(wire, first) and comes_again(wire, first)
        assert wire.is_quiet()
        here.send(2)
        assert received(wire).payload == b"2"  # life goes on
        here.device.leave(wire)
    with here.device.come() as wire:
        assert sorted(int(received(wire).payload) for _ in range(2)) == [1, 2]
        assert wire.is_quiet()


def test_a_clean_session_gives_it_up(scene: Callable[..., Scene]) -> None:
    here = scene(resend_tries=1, max_inflight=1)
    wire = here.connect_as(here.twin, keepalive_s=0)
    subscribed(wire, (here.device.topic, 1))
    here.send(1, 2)
    first = received(wire)
    here.clock.advance(600)
    assert comes_again(wire, first)
    second = received(wire)  # its place in the window is free
    assert (second.payload, second.dup) == (b"2", False)
    assert here.twin.call(lambda: here.twin.twin.broker.common.waiting) == 2  # for the absent device alone


def test_qos_2_is_not_sent_again_before_the_next_login(scene: Callable[..., Scene]) -> None:
    here = scene()
    wire = here.connect_as(here.twin, keepalive_s=0)
    subscribed(wire, ("devcred/two", 2))
    here.sender.send(Publish("devcred/two", b"", 2, packet_id=1))
    assert here.sender.receive() == Pubrec(1)
    assert received(wire).qos == 2
    here.clock.advance(600)
    assert wire.is_quiet()


def test_resending_can_be_off(scene: Callable[..., Scene]) -> None:
    here = scene(resend_s=0)
    with here.device.come() as wire:
        here.send(1)
        assert received(wire).payload == b"1"
        here.clock.advance(600)
        assert wire.is_quiet()


# The trace of messages.


def test_each_step_of_a_message_is_traced(scene: Callable[..., Scene]) -> None:
    here = scene()
    here.send(1)
    sent = here.twin.message_trace[-1]
    assert (sent.topic, sent.client_id, sent.action) == (
        *(here.device.topic, here.sender.client_id),
        MessageAction.PUB_MQTT,
    )
    assert (sent.action.code, sent.action.info) == ("mqtt.trace.action.msg.pub.mqtt", "Pub From Mqtt Client")
    assert sent.time_ms == int(here.clock() * 1000)
    here.clock.advance(60)
    with here.device.come() as wire:
        assert batch(wire) == [1]
        here.send(2)
        assert batch(wire) == [2]
    offline, published, online = here.twin.message_trace[-3:]
    assert (offline.msg_id, offline.action, offline.client_id) == (
        *(sent.msg_id, MessageAction.PUSH_OFFLINE),
        here.device.connect.client_id,
    )
    assert offline.time_ms == sent.time_ms + 60_000
    assert online.msg_id == published.msg_id != sent.msg_id
    assert online.action is MessageAction.SUB
    assert len(sent.msg_id) == 32 and int(sent.msg_id, 16)


def test_the_trace_is_bounded(scene: Callable[..., Scene]) -> None:
    here = scene(message_trace_entries=5)
    here.send(*numbers(1, 20))
    assert len(here.twin.message_trace) == 5
