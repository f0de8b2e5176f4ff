"""Sessions that outlive a connection: what comes again, what waits, what is forgotten; slow readers."""

from collections.abc import Callable
from typing import Any

import pytest

from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.packets import (
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
)
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.saying import received, subscribed
from tests.twin.wire import Wire

Login = Callable[..., Wire]
Start = Callable[..., TwinThread]


class Device:
    """A client that keeps its session over connections."""

    def __init__(self, twin: TwinThread, connect_as: Login) -> None:
        self._twin, self._connect_as = twin, connect_as
        self.connect = credentials_for(twin, new_client_id(), clean_session=False)

    def login(self, **fields: Any) -> tuple[Wire, bool]:
        wire = Wire(self._twin.mqtt_port)
        packet = Connect(**{**{k: getattr(self.connect, k) for k in self.connect.__slots__}, **fields})
        return wire, wire.login(packet).session_present

    def leave(self, wire: Wire) -> None:
        wire.send(Disconnect())
        assert wire.is_closed()
        wire.socket.close()


@pytest.fixture
def device(twin: TwinThread, connect_as: Login) -> Device:
    return Device(twin, connect_as)


def packets(wire: Wire, count: int) -> list[Packet | None]:
    return [wire.receive() for _ in range(count)]


def test_what_was_not_acknowledged_comes_again_with_dup(
    twin: TwinThread, connect_as: Login, device: Device
) -> None:
    wire, present = device.login()
    with wire:
        assert not present
        subscribed(wire, ("devcred/again/+", 2))
        sender = connect_as(twin)
        sender.send(
            Publish("devcred/again/1", b"a", 1, packet_id=1), Publish("devcred/again/2", b"b", 2, packet_id=2)
        )
        first, second = received(wire), received(wire)
        wire.send(Pubrec(second.packet_id))
        assert wire.receive() == Pubrel(second.packet_id)
    wire, present = device.login()
    with wire:
        assert present
        first.dup = True
        assert packets(wire, 2) == [first, Pubrel(second.packet_id)]
        wire.send(Puback(first.packet_id), Pubcomp(second.packet_id))
        assert wire.is_quiet()
        device.leave(wire)
    wire, present = device.login()
    with wire:
        assert present
        assert wire.is_quiet()


def test_offline_messages_are_qos_1_of_a_kept_session_only(
    twin: TwinThread, connect_as: Login, device: Device
) -> None:
    wire, _ = device.login()
    subscribed(wire, ("devcred/off", 2))
    device.leave(wire)
    sender = connect_as(twin)
    for qos in (0, 1, 2):
        sender.send(Publish("devcred/off", bytes([qos]), qos, packet_id=qos))
    assert packets(sender, 2) == [Puback(1), Pubrec(2)]
    wire, present = device.login()
    with wire:
        assert present
        message = received(wire)
        assert (message.payload, message.qos, message.dup) == (b"\x01", 1, False)
        assert wire.is_quiet()


def test_a_clean_login_forgets_the_session(twin: TwinThread, connect_as: Login, device: Device) -> None:
    wire, _ = device.login()
    subscribed(wire, ("devcred/gone", 1))
    device.leave(wire)
    sender = connect_as(twin)
    sender.send(Publish("devcred/gone", b"", 1, packet_id=1))
    assert sender.receive() == Puback(1)
    for clean in (True, False):
        wire, present = device.login(clean_session=clean)
        assert not present
        assert wire.is_quiet()
        device.leave(wire)


@pytest.mark.parametrize(("sender_is_clean", "kept"), [(True, False), (False, True)])
def test_p2p_waits_for_its_addressee_if_the_senders_session_is_kept(
    twin: TwinThread, connect_as: Login, device: Device, sender_is_clean: bool, kept: bool
) -> None:
    sender = connect_as(twin, clean_session=sender_is_clean)
    sender.send(Publish(f"devcred/p2p/{device.connect.client_id}", b"later", 1, packet_id=1))
    assert sender.receive() == Puback(1)
    wire, present = device.login()
    with wire:
        assert not present
        assert received(wire).payload == b"later" if kept else wire.is_quiet()


def test_the_offline_queue_is_bounded_and_messages_grow_old(start_twin: Start, connect_as: Login) -> None:
    now = [1_800_000_000.0]
    twin = start_twin(clock=lambda: now[0], settings=Settings(offline_messages=3, offline_keep_s=60))
    device = Device(twin, connect_as)
    wire, _ = device.login()
    subscribed(wire, ("devcred/old", 1))
    device.leave(wire)
    sender = connect_as(twin)
    for number in range(1, 6):
        sender.send(Publish("devcred/old", b"%d" % number, 1, packet_id=number))
        assert sender.receive() == Puback(number)
        now[0] += 20
    wire, _ = device.login()
    with wire:
        # 1 and 2 were pushed out; 3 is 60 s old by now.
        assert [received(wire).payload for _ in range(2)] == [b"4", b"5"]
        assert wire.is_quiet()


def test_a_full_window_waits_for_acknowledgements(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin(settings=Settings(max_inflight=2))
    wire = connect_as(twin)
    subscribed(wire, ("devcred/w", 1))
    wire.send(*(Publish("devcred/w", bytes([n]), 1, packet_id=n) for n in range(1, 5)))
    got = [packet for packet in packets(wire, 6) if isinstance(packet, Publish)]
    assert [message.payload for message in got] == [b"\x01", b"\x02"]
    assert wire.is_quiet()
    wire.send(Puback(got[0].packet_id), Puback(999))
    assert received(wire).payload == b"\x03"
    assert wire.is_quiet()


def test_qos_0_to_a_reader_that_does_not_read_is_dropped(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin(settings=Settings(slow_reader_bytes=1 << 18))
    slow, sender = connect_as(twin), connect_as(twin)
    subscribed(slow, ("devcred/flood", 0))
    for _ in range(300):
        sender.send(*[Publish("devcred/flood", b"x" * 60000)] * 4, Pingreq())
        assert sender.receive() == Pingresp()
    unsent = twin.call(lambda: max(each.unsent_bytes for each in twin.twin.broker.connections))
    assert unsent < 1 << 20


def test_answers_do_not_pile_up_for_a_client_that_does_not_read(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin(settings=Settings(slow_reader_bytes=1 << 12, max_inflight=60000))
    wire = connect_as(twin)
    subscribed(wire, ("devcred/echo", 1))
    wire.socket.settimeout(0.2)
    flood = [Publish("devcred/echo", b"x" * 60000, 1, packet_id=number) for number in range(1, 1000)]
    with pytest.raises(TimeoutError):  # the broker stops reading what it cannot answer
        wire.send(*flood)
    assert twin.call(lambda: max(each.unsent_bytes for each in twin.twin.broker.connections)) < 1 << 20
    wire.socket.settimeout(3)
    assert received(wire).topic == "devcred/echo"
