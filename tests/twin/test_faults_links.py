"""How faults at packets end a connection, or leave it hanging; as a raw client meets them."""

import time
from collections.abc import Callable

import pytest

from host_tools.twin import TwinThread
from host_tools.twin.broker.packets import (
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Subscribe,
)
from host_tools.twin.trace import Info
from tests.twin.ends import is_reset, stays_silent
from tests.twin.saying import end_of, received, subscribed
from tests.twin.wire import Wire

Login = Callable[..., Wire]
UP = Publish("devcred/up", b"", 1, packet_id=1)


# The end of a connection, at any packet.


@pytest.mark.parametrize(
    ("what", "info"), [("close", Info.BY_SERVER), ("kick", Info.CONFLICT), ("reset", Info.BY_SERVER)]
)
@pytest.mark.parametrize("where", ["in", "out"])
def test_connections_end_at_a_packet(
    faulty: TwinThread, connect_as: Login, where: str, what: str, info: Info
) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where=where, what=what, packet="PINGREQ" if where == "in" else "PINGRESP")
    wire.send(Pingreq())
    assert is_reset(wire.socket) if what == "reset" else wire.is_closed()
    assert end_of(faulty, wire) is info


def test_subscribe_then_close(faulty: TwinThread, connect_as: Login) -> None:
    wire, other = connect_as(faulty), connect_as(faulty)
    faulty.faults.add(where="in", what="close", packet="SUBSCRIBE", topic="devcred/down/#")
    assert subscribed(other, ("devcred/other", 1)) == [1]
    wire.send(Subscribe(1, [("devcred/down/a", 1)]))
    assert wire.is_closed()


def test_a_rule_for_one_client_leaves_the_others_alone(faulty: TwinThread, connect_as: Login) -> None:
    wire, other = connect_as(faulty), connect_as(faulty)
    faulty.faults.add(where="out", what="close", client_id=wire.client_id, times=0)
    assert other.is_quiet()
    wire.send(Pingreq())
    assert wire.is_closed()


def test_mute_in_mid_session_is_a_half_open_connection(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    number = faulty.faults.add(where="in", what="mute", packet="PINGREQ")
    wire.send(Pingreq())
    faulty.faults.wait_hit(number)
    wire.send(UP)
    assert stays_silent(wire.socket)


# Black holes.


def test_a_black_hole_lets_nothing_through_either_way_and_then_everything(
    faulty: TwinThread, connect_as: Login
) -> None:
    wire, other = connect_as(faulty), connect_as(faulty)
    subscribed(other, ("devcred/up", 0))
    number = faulty.faults.add(where="in", what="hole", packet="PINGREQ", client_id=wire.client_id)
    wire.send(Pingreq())
    faulty.faults.wait_hit(number)
    wire.send(UP)
    assert stays_silent(wire.socket)
    assert other.is_quiet()
    faulty.faults.remove(number)
    assert [wire.receive(), wire.receive()] == [Pingresp(), Puback(1)]
    assert received(other).topic == "devcred/up"


def test_a_black_hole_ends_by_itself(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="hole", packet="PUBACK", hold_s=0.08)
    started = time.monotonic()
    wire.send(UP)
    assert wire.receive() == Puback(1)
    assert time.monotonic() - started >= 0.08


def test_the_end_of_a_connection_does_not_get_out_of_a_black_hole(
    faulty: TwinThread, connect_as: Login
) -> None:
    wire = connect_as(faulty)
    number = faulty.faults.add(where="out", what="hole", packet="PINGRESP")
    wire.send(Pingreq())
    faulty.faults.wait_hit(number)
    faulty.call(faulty.twin.broker.disconnect, wire.client_id)
    assert not faulty.call(faulty.twin.broker.is_online, wire.client_id)
    assert stays_silent(wire.socket)
    faulty.faults.remove(number)
    assert wire.receive() == Pingresp()
    assert wire.is_closed()


def test_a_twin_stops_with_connections_in_a_hole(
    start_twin: Callable[..., TwinThread], connect_as: Login
) -> None:
    twin = start_twin()
    wire, other = connect_as(twin), connect_as(twin)
    for what, client in (("hole", wire), ("mute", other)):
        number = twin.faults.add(where="out", what=what, client_id=client.client_id)
        client.send(Pingreq())
        twin.faults.wait_hit(number)
    started = time.monotonic()
    twin.stop()
    assert time.monotonic() - started < 2
    for client in (wire, other):
        assert client.is_closed()


def test_without_faults_there_is_no_hook(faulty: TwinThread, connect_as: Login) -> None:
    broker = faulty.twin.broker
    assert broker.hook is None
    number = faulty.faults.add(where="in", what="drop", packet="PUBREL")
    assert broker.hook is not None
    faulty.faults.remove(number)
    assert broker.hook is None
    faulty.faults.add(where="out", what="double", packet="PINGRESP")
    wire = connect_as(faulty)
    wire.send(Pingreq())
    assert [wire.receive(), wire.receive()] == [Pingresp(), Pingresp()]
    assert broker.hook is None  # it was a one-shot
