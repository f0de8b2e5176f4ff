"""The proxy itself: TLS through it, brokers that are away, its end; and how it cuts a stream into packets."""

import socket
from dataclasses import replace

import pytest

from host_tools.errors import MachineError
from host_tools.twin import TwinThread
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import (
    Connack,
    Connect,
    Packet,
    Pingreq,
    Pingresp,
    Publish,
)
from host_tools.twin.faults import FaultBook
from host_tools.twin.faults.frames import Frames
from host_tools.twin.proxy import ProxyThread
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.ends import is_reset, raw, refused_with, shake
from tests.twin.wire import Wire

ACCEPTED = Connack(False, 0)


def test_tls_goes_through_untouched_and_can_be_struck_at_the_client_hello(twin: TwinThread) -> None:
    with ProxyThread(("127.0.0.1", twin.tls_port)) as proxy:
        with shake(twin, port=proxy.port) as sock:
            sock.sendall(encode(credentials_for(twin, new_client_id())))
            assert raw(sock, 4) == b"\x20\x02\x00\x00"
        proxy.faults.add(where="hello", what="reset", server_name=twin.host_name)
        with pytest.raises(ConnectionResetError):
            shake(twin, port=proxy.port)


def test_a_broker_that_is_away_resets_the_device() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with ProxyThread(taken.getsockname()) as proxy:
            assert refused_with(proxy.port) == "rst"


def test_a_reset_by_the_broker_arrives_as_one(faulty: TwinThread) -> None:
    faulty.faults.add(where="out", what="reset", packet="PINGRESP")
    with ProxyThread(("127.0.0.1", faulty.mqtt_port)) as proxy, Wire(proxy.port) as wire:
        assert wire.login(credentials_for(faulty, new_client_id())) == ACCEPTED
        wire.send(Pingreq())
        assert is_reset(wire.socket)


def test_a_port_in_use_is_one_line(twin: TwinThread) -> None:
    with pytest.raises(MachineError, match="in use"), ProxyThread(("127.0.0.1", 1), port=twin.mqtt_port):
        pass


def test_the_proxy_cuts_what_is_there_when_it_stops(twin: TwinThread) -> None:
    with ProxyThread(("127.0.0.1", twin.mqtt_port)) as proxy:
        wire = Wire(proxy.port)
        assert wire.login(credentials_for(twin, new_client_id())) == ACCEPTED
    with wire:
        assert wire.is_closed()


def test_the_same_seed_strikes_the_same_packets(twin: TwinThread) -> None:
    def struck(seed: int) -> list[Packet | None]:
        with ProxyThread(("127.0.0.1", twin.mqtt_port), faults=FaultBook(seed)) as proxy:
            proxy.faults.add(where="out", what="drop", packet="PUBACK", probability=0.5, times=0)
            with Wire(proxy.port) as wire:
                assert wire.login(credentials_for(twin, new_client_id())) == ACCEPTED
                wire.send(*[Publish("devcred/up", b"", 1, packet_id=number) for number in range(1, 41)])
                wire.send(Pingreq())
                answers = [wire.receive()]
                while answers[-1] != Pingresp():
                    answers.append(wire.receive())
                return answers

    first = struck(11)
    assert first == struck(11)
    assert first != struck(12)
    assert 5 < len(first) < 36


def test_frames_give_back_every_byte_however_they_are_cut() -> None:
    stream = b"".join(
        [
            encode(Connect("a")),
            encode(Publish("t", bytes(300), 1, packet_id=1)),
            b"\xc0\x80\x00",  # a length in two bytes where one would do
            encode(replace(Publish("t", b""), topic="u")),
            b"\x30\x01\x00",  # a PUBLISH that ends in its topic
            b"\xf0\x00 no MQTT from here on",
        ]
    )
    whole = Frames().feed(stream)
    assert [packet is None for _, packet in whole] == [False, False, False, False, True, True]
    for step in (1, 2, 7):
        frames = Frames()
        pieces = [frames.feed(stream[at : at + step]) for at in range(0, len(stream), step)]
        assert b"".join(data for piece in pieces for data, _ in piece) == stream
        assert [packet for piece in pieces for _, packet in piece if packet] == [p for _, p in whole if p]
