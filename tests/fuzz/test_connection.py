"""Damaged packets at a running broker: it goes on for everybody else, and lets nobody in who may not."""

import logging
import random
import socket
import time
from collections.abc import Iterator

import pytest

from host_tools.twin import Settings, TraceEntry, TwinThread
from host_tools.twin.broker.decode import FROM_SERVER, Decoder, MalformedPacketError
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import PROTOCOL_LEVEL, Connect, PacketType, Publish, Subscribe
from host_tools.twin.trace import Action, Info
from tests.fuzz import mutating, packets, seeding
from tests.twin.conftest import GROUP, credentials_for
from tests.twin.wire import DEADLINE_S, Wire

COUNT = seeding.count("DEVCRED_FUZZ_PACKETS", 30_000) // 10
PACKETS = 5
"""In one connection."""
GROWTH_MB = 24.0
DEVICES = 20
WITNESS_EVERY = 50


@pytest.fixture(scope="module")
def let_in() -> list[str]:
    """The client IDs that the broker accepted, in their order, by its own account."""
    return []


@pytest.fixture(scope="module")
def broker(let_in: list[str]) -> Iterator[TwinThread]:
    def note(entry: TraceEntry) -> None:
        if (entry.action, entry.info) == (Action.CONNECT, Info.ACCEPTED):
            let_in.append(entry.client_id)

    with TwinThread(groups=[GROUP], on_trace=note) as running:
        yield running


@pytest.fixture(scope="module")
def devices(broker: TwinThread) -> list[Connect]:
    """CONNECTs that are let in; some keep their session."""
    return [
        credentials_for(broker, f"{GROUP}@@@fuzz{number}", clean_session=number % 3 > 0)
        for number in range(DEVICES)
    ]


def conversation(broker: TwinThread, pieces: list[bytes]) -> None:
    """Say these bytes and hear the broker out until it closes, which it must do after their end."""
    with socket.create_connection(("127.0.0.1", broker.mqtt_port), DEADLINE_S) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        decoder = Decoder(FROM_SERVER, 1 << 20)
        try:
            for piece in pieces:
                sock.sendall(piece)
            sock.shutdown(socket.SHUT_WR)
            while data := sock.recv(65536):
                decoder.feed(data)
                while decoder.next() is not None:
                    pass
        except TimeoutError:
            pytest.fail("the broker hangs")
        except OSError:
            pass  # it closed while there was more for it to read: a refusal like another


def entitled(data: bytes, known: dict[str, Connect]) -> list[str]:
    """The client ID that these bytes log in by right, if any: a whole CONNECT, and a credential with it."""
    decoder = Decoder(frozenset({PacketType.CONNECT}), Settings().max_connect_bytes)
    decoder.feed(data)
    try:
        packet = decoder.next()
    except MalformedPacketError:
        return []
    if not isinstance(packet, Connect) or packet.level != PROTOCOL_LEVEL or packet.client_id not in known:
        return []
    device = known[packet.client_id]
    right = (packet.username, packet.password) == (device.username, device.password)
    return [packet.client_id] if right else []


class Witness:
    """A client that was there before, and must not notice."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        wire.send(Subscribe(1, [("devcred/witness", 0)]))
        wire.receive()

    def check(self, number: int) -> None:
        """Its own message comes back, whatever the damaged ones published meanwhile."""
        sent = Publish("devcred/witness", str(number).encode())
        self.wire.send(sent)
        until_s = time.monotonic() + DEADLINE_S
        while self.wire.receive() != sent:
            assert time.monotonic() < until_s, "the broker does not serve others"


@pytest.fixture
def witness(broker: TwinThread) -> Iterator[Witness]:
    with Wire(broker.mqtt_port) as wire:
        assert wire.login(credentials_for(broker, f"{GROUP}@@@witness", keepalive_s=0)).code == 0
        yield Witness(wire)


def stream(devices: list[Connect], lent: list[bytes], chance: random.Random) -> bytes:
    """A login and some packets; the damage is in the login, behind it, or all over."""
    connect = encode(chance.choice(devices))
    rest = b"".join(encode(packets.client_packet(chance)) for _ in range(PACKETS - 1))
    match chance.randrange(4):
        case 0:
            return mutating.damaged(connect, lent, chance) + rest
        case 1:
            return mutating.damaged(connect + rest, lent, chance)
        case _:
            return connect + mutating.damaged(rest, lent, chance)


def test_damaged_connections_harm_nobody(
    broker: TwinThread,
    devices: list[Connect],
    witness: Witness,
    let_in: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    chance = seeding.source("connection")
    lent = [encode(packets.any_packet(chance)) for _ in range(200)] + [encode(each) for each in devices]
    known = {each.client_id: each for each in devices}
    good, before_mb = 0, 0.0
    for number in range(COUNT // PACKETS):
        if number == COUNT // PACKETS // 10:
            before_mb = seeding.resident_mb()
        data, already = stream(devices, lent, chance), len(let_in)
        conversation(broker, mutating.cut(data, chance))
        assert let_in[already:] == entitled(data, known), f"connection {number}: {data.hex()}"
        good += len(let_in) - already
        if number % WITNESS_EVERY == 0:
            witness.check(number)
    witness.check(COUNT)
    seeding.say(f"{COUNT // PACKETS} connections of {PACKETS} packets: {good} logins were good")
    assert good > COUNT // PACKETS // 3
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert seeding.resident_mb() - before_mb < GROWTH_MB
    assert only_the_witness_is_left(broker)


def only_the_witness_is_left(broker: TwinThread) -> bool:
    until_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < until_s:
        if broker.call(lambda: len(broker.twin.broker.connections)) == 1:
            return True
        time.sleep(0.01)
    return False


def test_each_bit_of_a_login_turned(broker: TwinThread, devices: list[Connect], let_in: list[str]) -> None:
    data, known = encode(devices[1]), {devices[1].client_id: devices[1]}
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        already = len(let_in)
        conversation(broker, [bytes(changed)])
        assert let_in[already:] == entitled(bytes(changed), known), f"bit {bit}"
