"""The proxy in front of the twin, and of a real mosquitto."""

import time
from collections.abc import Callable, Iterator

import pytest

from host_tools.twin import TwinThread
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import (
    Connack,
    Connect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
)
from host_tools.twin.proxy import ProxyThread
from tests.conformance.brokers import mosquitto
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.ends import is_reset, raw, refused_with, stays_silent
from tests.twin.wire import Wire

ACCEPTED = Connack(False, 0)
PING = encode(Pingresp())
Open = Callable[..., Wire]


class Setup:
    """A proxy, and CONNECTs that the broker behind it accepts."""

    def __init__(self, proxy: ProxyThread, connect: Callable[[], Connect]) -> None:
        self.proxy = proxy
        self.faults = proxy.faults
        self.connect = connect

    def wire(self) -> Wire:
        """Connected through the proxy, not logged in."""
        return Wire(self.proxy.port)

    def login(self) -> Wire:
        wire = self.wire()
        assert wire.login(self.connect()) == ACCEPTED
        return wire


@pytest.fixture(scope="module")
def _mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker:
        yield broker.port


@pytest.fixture(params=["twin", "mosquitto"])
def setup(request: pytest.FixtureRequest, twin: TwinThread) -> Iterator[Setup]:
    """The proxy before each of the two brokers."""
    if request.param == "twin":
        port, connect = twin.mqtt_port, lambda: credentials_for(twin, new_client_id())
    else:
        port = request.getfixturevalue("_mosquitto")
        connect = lambda: Connect(new_client_id(), True, 60)  # noqa: E731
    with ProxyThread(("127.0.0.1", port)) as proxy:
        yield Setup(proxy, connect)


def test_nothing_changes_without_faults(setup: Setup) -> None:
    with setup.login() as wire, setup.login() as other:
        other.send(Subscribe(1, [("devcred/#", 1)]))
        assert other.receive() == Suback(1, [1])
        payload = bytes(range(256)) * 200
        wire.send(Publish("devcred/up", payload, 1, packet_id=3))
        assert wire.receive() == Puback(3)
        message = other.receive()
        assert isinstance(message, Publish) and message.payload == payload


# The bytes.


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_refused(setup: Setup, how: str) -> None:
    setup.faults.add(where="accept", what="refuse", how=how)
    assert refused_with(setup.proxy.port) == how
    setup.login().socket.close()


def test_a_port_that_refuses(setup: Setup) -> None:
    setup.faults.add(where="listener", what="refuse")
    with pytest.raises(ConnectionRefusedError):
        setup.wire()
    setup.faults.clear()
    setup.login().socket.close()


def test_mute(setup: Setup) -> None:
    setup.faults.add(where="accept", what="mute")
    with setup.wire() as wire:
        wire.send(setup.connect(), Pingreq())
        assert stays_silent(wire.socket)


def test_everything_is_late(setup: Setup) -> None:
    setup.faults.add(where="accept", what="delay", delay_ms=80)
    started = time.monotonic()
    with setup.login():
        assert time.monotonic() - started >= 0.08


@pytest.mark.parametrize("at_bytes", [5, 6])
@pytest.mark.parametrize("what", ["reset", "close"])
def test_cut_after_so_many_bytes(setup: Setup, what: str, at_bytes: int) -> None:
    setup.faults.add(where="accept", what=what, at_bytes=at_bytes)
    with setup.login() as wire:
        wire.send(Pingreq())
        if what == "close":
            assert raw(wire.socket, 9) == PING[: at_bytes - 4]
            return
        with pytest.raises(ConnectionResetError):
            raw(wire.socket, 9)


def test_a_corrupt_byte_on_its_way_to_the_broker(setup: Setup) -> None:
    setup.faults.add(where="accept", what="corrupt", direction="in")
    with setup.wire() as wire:
        wire.send(setup.connect())
        assert wire.is_closed()  # 0x10 has become 0xEF


def test_a_corrupt_byte_on_its_way_to_the_device(setup: Setup) -> None:
    setup.faults.add(where="accept", what="corrupt", at_bytes=5)
    with setup.login() as wire:
        wire.send(Pingreq())
        assert raw(wire.socket, 2) == b"\xd0\xff"


def test_half_closed_by_the_server(setup: Setup) -> None:
    setup.faults.add(where="accept", what="half-close", at_bytes=4)
    with setup.login() as wire:
        assert wire.socket.recv(1) == b""
        wire.send(Pingreq())


def test_a_slow_drip(setup: Setup) -> None:
    setup.faults.add(where="accept", what="drip", bytes_per_s=40)
    with setup.wire() as wire:
        wire.send(setup.connect())
        assert [wire.socket.recv(9) for _ in range(4)] == [b"\x20", b"\x02", b"\x00", b"\x00"]


def test_a_drip_towards_the_broker_does_not_keep_everything_in_memory(twin: TwinThread) -> None:
    with ProxyThread(("127.0.0.1", twin.mqtt_port), aware=False) as proxy:
        proxy.faults.add(where="accept", what="drip", bytes_per_s=40, direction="in")
        with Wire(proxy.port) as wire:
            wire.socket.settimeout(0.3)
            with pytest.raises(TimeoutError):
                wire.send(credentials_for(twin, new_client_id()), bytes(1 << 25))


def test_a_black_hole(setup: Setup) -> None:
    with setup.login() as wire:
        number = setup.faults.add(where="in", what="hole", packet="PINGREQ")
        wire.send(Pingreq())
        setup.faults.wait_hit(number)
        wire.send(Publish("devcred/up", b"", 1, packet_id=1))
        assert stays_silent(wire.socket)
        setup.faults.remove(number)
        assert [wire.receive(), wire.receive()] == [Pingresp(), Puback(1)]


# The packets.


def test_a_wrong_connack_code(setup: Setup) -> None:
    setup.faults.add(where="connack", what="code", code=3)
    with setup.wire() as wire:
        assert wire.login(setup.connect()) == Connack(False, 3)
        assert wire.is_closed()


def test_subscribe_then_close(setup: Setup) -> None:
    setup.faults.add(where="in", what="close", packet="SUBSCRIBE", topic="devcred/+")
    with setup.login() as wire:
        wire.send(Subscribe(1, [("devcred/a", 0)]))
        assert wire.is_closed()


def test_a_rule_for_one_client(setup: Setup) -> None:
    with setup.login() as wire, setup.login() as other:
        setup.faults.add(where="in", what="reset", client_id=wire.client_id)
        assert other.is_quiet()
        wire.send(Pingreq())
        assert is_reset(wire.socket)


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ({"what": "drop"}, b""),
        ({"what": "double"}, b"\x40\x02\x00\x05" * 2),
        ({"what": "truncate", "at_bytes": 2, "then": "go-on"}, b"\x40\x02"),
        ({"what": "corrupt", "at_bytes": 3}, b"\x40\x02\x00\xfa"),
        ({"what": "replace", "data": "30ffffff7f"}, b"\x30\xff\xff\xff\x7f"),
        ({"what": "say", "data": "d000"}, b"\xd0\x00\x40\x02\x00\x05"),
        ({"what": "merge"}, b"\x40\x02\x00\x05"),
        ({"what": "split", "at_bytes": 1, "delay_ms": 20.0}, b"\x40\x02\x00\x05"),
    ],
)
def test_what_becomes_of_an_acknowledgement(setup: Setup, fault: dict[str, object], answer: bytes) -> None:
    setup.faults.add(where="out", packet="PUBACK", **fault)
    with setup.login() as wire:
        wire.send(Publish("devcred/up", b"", 1, packet_id=5), Pingreq())
        assert raw(wire.socket, len(answer) + 2) == answer + PING


def test_late_both_ways(setup: Setup) -> None:
    setup.faults.add(where="in", what="delay", packet="PUBLISH", delay_ms=50)
    setup.faults.add(where="out", what="delay", packet="PUBACK", delay_ms=50)
    with setup.login() as wire:
        started = time.monotonic()
        wire.send(Publish("devcred/up", b"", 1, packet_id=5), Pingreq())
        # On the way in the ping waits behind the message, on the way out it overtakes the answer.
        assert [wire.receive(), wire.receive()] == [Pingresp(), Puback(5)]
        assert time.monotonic() - started >= 0.1


def test_a_lost_publish(setup: Setup) -> None:
    setup.faults.add(where="in", what="drop", packet="PUBLISH")
    with setup.login() as wire:
        wire.send(Publish("devcred/up", b"", 1, packet_id=5))
        assert wire.is_quiet()
