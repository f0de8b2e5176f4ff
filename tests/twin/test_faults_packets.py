"""Faults at packets, as a raw client meets them."""

import time
from collections.abc import Callable

import pytest

from host_tools.twin import TwinThread
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import (
    Connack,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
)
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.ends import raw, stays_silent
from tests.twin.saying import subscribed
from tests.twin.wire import Wire

Login = Callable[..., Wire]
PING = encode(Pingresp())


def logged_in(twin: TwinThread) -> tuple[Wire, str]:
    """A wire that has sent its CONNECT, and nothing more is known."""
    client_id = new_client_id()
    wire = Wire(twin.mqtt_port)
    wire.client_id = client_id
    wire.send(credentials_for(twin, client_id))
    return wire, client_id


def publish(wire: Wire, number: int = 1) -> None:
    wire.send(Publish("devcred/up", b"", 1, packet_id=number))


# CONNACK


@pytest.mark.parametrize("code", range(1, 6))
def test_a_wrong_connack_code_and_the_close_behind_it(faulty: TwinThread, code: int) -> None:
    faulty.faults.add(where="connack", what="code", code=code)
    wire, client_id = logged_in(faulty)
    with wire:
        assert wire.receive() == Connack(False, code)
        assert wire.is_closed()
    assert not faulty.call(faulty.twin.broker.is_online, client_id)


def test_a_code_that_mqtt_does_not_have(faulty: TwinThread) -> None:
    faulty.faults.add(where="connack", what="code", code=0x80)
    wire, _ = logged_in(faulty)
    with wire:
        assert raw(wire.socket, 5) == b"\x20\x02\x00\x80"


def test_a_connack_that_never_comes_leaves_the_client_logged_in(faulty: TwinThread) -> None:
    faulty.faults.add(where="connack", what="drop")
    wire, _ = logged_in(faulty)
    with wire:
        wire.send(Pingreq())
        assert wire.receive() == Pingresp()


def test_a_connack_comes_late(faulty: TwinThread) -> None:
    faulty.faults.add(where="connack", what="delay", delay_ms=80)
    started = time.monotonic()
    wire, _ = logged_in(faulty)
    with wire:
        assert wire.receive() == Connack(False, 0)
    assert time.monotonic() - started >= 0.08


def test_a_mute_broker_takes_everything_and_answers_nothing(faulty: TwinThread) -> None:
    number = faulty.faults.add(where="connack", what="mute")
    wire, client_id = logged_in(faulty)
    with wire:
        faulty.faults.wait_hit(number)
        wire.send(Pingreq(), Publish("devcred/up", b"x" * 50_000, 1, packet_id=1))
        assert stays_silent(wire.socket)
    assert not faulty.call(faulty.twin.broker.is_online, client_id)


# Packets that are lost, late, doubled, cut, joined.


def test_a_lost_acknowledgement_and_the_second_try(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="drop", packet="PUBACK")
    publish(wire)
    assert wire.is_quiet()
    publish(wire)
    assert wire.receive() == Puback(1)


def test_a_lost_publish_was_never_seen_by_the_broker(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    subscribed(wire, ("devcred/up", 0))
    faulty.faults.add(where="in", what="drop", packet="PUBLISH", topic="devcred/+")
    publish(wire)
    assert wire.is_quiet()


def test_a_doubled_acknowledgement(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="double", packet="PUBACK")
    publish(wire, 7)
    assert [wire.receive(), wire.receive()] == [Puback(7), Puback(7)]


def test_the_second_acknowledgement_comes_late_and_others_overtake_it(
    faulty: TwinThread, connect_as: Login
) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="delay", packet="PUBACK", nth=2, delay_ms=60)
    for number in (1, 2, 3):
        publish(wire, number)
    assert [wire.receive() for _ in range(3)] == [Puback(1), Puback(3), Puback(2)]


def test_a_packet_that_is_handled_late_holds_up_those_behind_it(
    faulty: TwinThread, connect_as: Login
) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="in", what="delay", packet="PUBLISH", delay_ms=60)
    started = time.monotonic()
    wire.send(Publish("devcred/up", b"", 1, packet_id=1), Pingreq())
    wire.send(Pingreq())
    assert [wire.receive() for _ in range(3)] == [Puback(1), Pingresp(), Pingresp()]
    assert time.monotonic() - started >= 0.06


def test_a_late_connect_with_packets_behind_it(faulty: TwinThread) -> None:
    faulty.faults.add(where="in", what="delay", packet="CONNECT", delay_ms=30)
    with Wire(faulty.mqtt_port) as wire:
        wire.send(credentials_for(faulty, new_client_id()), Subscribe(1, [("devcred/a", 0)]), Pingreq())
        assert [wire.receive() for _ in range(3)] == [Connack(False, 0), Suback(1, [0]), Pingresp()]


@pytest.mark.parametrize("at", range(4))
def test_a_connack_is_cut_at_each_byte(faulty: TwinThread, at: int) -> None:
    faulty.faults.add(where="connack", what="truncate", at_bytes=at)
    wire, _ = logged_in(faulty)
    with wire:
        assert raw(wire.socket, 5) == bytes((0x20, 2, 0, 0))[:at]


@pytest.mark.parametrize("then", ["reset", "mute", "go-on"])
def test_what_follows_half_a_packet(faulty: TwinThread, connect_as: Login, then: str) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="truncate", packet="PUBACK", at_bytes=3, then=then)
    publish(wire)
    if then == "reset":
        with pytest.raises(ConnectionResetError):
            raw(wire.socket, 4)
        return
    assert raw(wire.socket, 3) == b"\x40\x02\x00"
    wire.send(Pingreq())
    assert stays_silent(wire.socket) if then == "mute" else raw(wire.socket, 2) == PING


def test_a_packet_waits_for_the_next_one_and_comes_in_one_piece_with_it(
    faulty: TwinThread, connect_as: Login
) -> None:
    wire = connect_as(faulty)
    number = faulty.faults.add(where="out", what="merge", packet="PUBACK", delay_ms=2000)
    publish(wire)
    faulty.faults.wait_hit(number)
    wire.send(Pingreq())
    assert wire.socket.recv(100) == encode(Puback(1)) + PING


def test_a_merged_packet_goes_alone_when_nothing_follows(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="merge", packet="PUBACK", delay_ms=30)
    publish(wire)
    assert wire.receive() == Puback(1)


def test_a_packet_comes_in_two_parts_and_nothing_gets_between(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="split", packet="PUBACK", at_bytes=1, delay_ms=60)
    started = time.monotonic()
    publish(wire)
    wire.send(Pingreq())
    assert wire.socket.recv(100) == b"\x40"
    assert raw(wire.socket, 5) == b"\x02\x00\x01" + PING
    assert time.monotonic() - started >= 0.06


def test_a_slow_drip(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="drip", packet="PUBACK", bytes_per_s=40)
    started = time.monotonic()
    publish(wire)
    pieces = [wire.socket.recv(100) for _ in range(4)]
    assert pieces == [b"\x40", b"\x02", b"\x00", b"\x01"]
    assert time.monotonic() - started >= 3 / 40


def test_what_drips_is_sent_to_the_end_after_a_close(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="in", what="drip", packet="PINGREQ", bytes_per_s=40)
    wire.send(Pingreq(), Pingreq(), b"\xe0\x00")
    assert raw(wire.socket, 9) == PING + PING


def test_garbage_in_the_place_of_a_packet(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="garbage", packet="PUBACK", size_bytes=9)
    publish(wire)
    wire.send(Pingreq())
    answer = raw(wire.socket, 11)
    assert answer[9:] == PING and encode(Puback(1)) not in answer


def test_a_byte_is_turned(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="corrupt", packet="PUBACK", at_bytes=3)
    publish(wire)
    assert raw(wire.socket, 4) == b"\x40\x02\x00\xfe"


def test_an_announcement_of_256_mb(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="out", what="replace", packet="PINGRESP", data="30ffffff7f")
    wire.send(Pingreq())
    assert raw(wire.socket, 5) == b"\x30\xff\xff\xff\x7f"


def test_bytes_that_nobody_asked_for(faulty: TwinThread, connect_as: Login) -> None:
    wire = connect_as(faulty)
    faulty.faults.add(where="in", what="say", packet="PINGREQ", data="40020009")
    wire.send(Pingreq())
    assert [wire.receive(), wire.receive()] == [Puback(9), Pingresp()]
