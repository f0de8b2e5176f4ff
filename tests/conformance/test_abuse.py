"""What no client should do, and some do: the twin lives on, and neither its memory nor its sockets pile up.

Loads are cut down to some seconds; DEVCRED_SOAK=1 runs them whole.
"""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conformance.brokers import PLAIN
from tests.conformance.raw import (
    Raw,
    connack,
    connect,
    frame,
    number,
    publish,
    subscribe,
    text,
)
from tests.conformance.twin_process import TwinProcess

SOAK = os.environ.get("DEVCRED_SOAK") == "1"
MB = 1 << 20
CONNECT_TIMEOUT_S = 1.0
HUGE = b"\xff\xff\xff\x7f"
"""A remaining length of 268,435,455 bytes, the longest there is."""


@pytest.fixture(scope="module")
def victim() -> Iterator[TwinProcess]:
    """A plain broker that has been in use, so that what it keeps for good is there already."""
    with TwinProcess(**PLAIN, connect_timeout_s=CONNECT_TIMEOUT_S) as process:
        for n in range(200):
            with Raw(process.port) as wire:
                wire.login(f"warm{n}").deliver("warm/up", bytes(1000), 1)
        yield process


def lives(victim: TwinProcess) -> bool:
    """Whether a client can log in and hear itself."""
    with Raw(victim.port) as wire:
        wire.login("proof").subscribe(("proof/a", 1))
        wire.send(publish("proof/a", b"x"))
        return wire.message().payload == b"x"


MALFORMED = {
    "type 0": frame(0x00),
    "type 15": frame(0xF0),
    "flags of SUBSCRIBE": frame(0x80, number(1) + text("a") + b"\0"),
    "flags of UNSUBSCRIBE": frame(0xA0, number(1) + text("a")),
    "flags of PUBREL": frame(0x60, number(1)),
    "flags of PINGREQ": frame(0xC1),
    "QoS 3": frame(0x36, text("a") + number(1)),
    "five bytes of length": b"\x30\xff\xff\xff\xff\x01",
    "length above what is allowed": b"\x30" + HUGE,
    "packet id 0": publish("a", b"", 1, 0),
    "empty topic": publish(""),
    "topic with a wildcard": publish("a/#"),
    "topic that is not UTF-8": publish(b"\xff\xfe"),
    "topic with U+0000": publish("a\0b"),
    "topic longer than its packet": frame(0x30, b"\0\x09a"),
    "SUBSCRIBE to nothing": subscribe(1),
    "SUBSCRIBE with QoS 3": subscribe(1, ("a", 3)),
    "SUBSCRIBE to a filter that is none": subscribe(1, ("a/#/b", 0)),
    "UNSUBSCRIBE from nothing": frame(0xA2, number(1)),
    "PUBACK of one byte": frame(0x40, b"\0"),
    "CONNACK from a client": connack(),
    "second CONNECT": connect("again"),
}


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_packet_costs_its_sender_the_connection_and_nobody_else(
    victim: TwinProcess, packet: bytes
) -> None:
    with Raw(victim.port) as bystander, Raw(victim.port) as wire:
        bystander.login("bystander").subscribe(("a", 1))
        assert wire.login("bad").is_closed_by(packet)
        assert bystander.is_quiet()
    assert lives(victim)


def test_random_bytes_leave_nothing_behind(victim: TwinProcess) -> None:
    """1,000 connections of 200 random bytes each."""
    seed = 20261124
    dice = random.Random(seed)
    memory_bytes = victim.memory_bytes
    for n in range(1000):
        with Raw(victim.port) as wire:
            # Every other one looks like MQTT for a while.
            wire.send(connect(f"r{n}") if n % 2 else b"", dice.randbytes(200))
    assert victim.is_idle(), f"seed {seed}"
    assert victim.memory_bytes - memory_bytes < 4 * MB, f"seed {seed}"
    assert lives(victim)


def test_sockets_whose_first_packet_is_no_connect_are_closed(victim: TwinProcess) -> None:
    """200 at once, held open by their clients."""
    with ExitStack() as stack:
        wires = [stack.enter_context(Raw(victim.port)) for _ in range(200)]
        for wire in wires:
            wire.send(publish("a", b"x"))
        assert all(wire.is_closed() for wire in wires)
        assert lives(victim)


def test_half_a_connect_waits_for_its_timeout_and_keeps_nobody_out(victim: TwinProcess) -> None:
    """500 of them, and 20 sockets that say nothing."""
    half = connect("half" * 20)[:40]
    with ExitStack() as stack:
        wires = [stack.enter_context(Raw(victim.port)) for _ in range(520)]
        for wire in wires[:500]:
            wire.send(half)
        assert lives(victim)
        assert all(wire.is_closed() for wire in wires)
    assert victim.is_idle()
    assert lives(victim)


@pytest.mark.parametrize("logged_in", [False, True], ids=["before login", "after login"])
def test_a_huge_length_is_cut_off_before_its_bytes_come(victim: TwinProcess, logged_in: bool) -> None:
    """3 packets that announce 268 MB, and as much of them as is taken, up to 42 MB."""
    memory_bytes = victim.memory_bytes
    for n in range(3):
        with Raw(victim.port) as wire:
            if logged_in:
                wire.login(f"huge{n}")
            taken = pour(wire.socket, (b"\x30" if logged_in else b"\x10") + HUGE, 42 * MB)
            assert taken < 8 * MB
            assert wire.is_closed()
    assert victim.memory_bytes - memory_bytes < 4 * MB
    assert lives(victim)


def pour(sock: socket.socket, head: bytes, most_bytes: int) -> int:
    """Send and send; how many bytes went before the other side would have no more."""
    sent = 0
    try:
        sock.sendall(head)
        while sent < most_bytes:
            sent += sock.send(bytes(65536))
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent


def test_logins_again_and_again_cost_no_memory() -> None:
    """9,000 over 3,000 client IDs with credentials; a tenth of it by default."""
    ids = 3000 if SOAK else 300
    with TwinProcess(credentials=ids) as twin:
        credentials = [(c, text(user), text(word)) for c, user, word in twin.facts["credentials"]]
        # The first round makes what is kept for good: 10,000 entries of the trace at most.
        for _ in range(3):
            log_all_in(twin.port, credentials)
        memory_bytes = twin.memory_bytes
        for _ in range(3):
            log_all_in(twin.port, credentials)
        grown_bytes = twin.memory_bytes - memory_bytes
        assert grown_bytes < 3 * MB
        assert twin.is_idle()


def log_all_in(port: int, credentials: list[tuple[str, bytes, bytes]]) -> None:
    """One after another, each leaving as the next comes, some of them without a word."""
    for n, (client_id, user, word) in enumerate(credentials):
        with Raw(port) as wire:
            wire.send(connect(client_id, user, word, flags=0xC0, clean=n % 2 == 0))
            answer = wire.packet()
            assert answer is not None and answer[3] == 0
            if n % 3:
                wire.leave()


@pytest.mark.parametrize("qos", [0, 1])
def test_a_subscriber_that_never_reads_costs_little(qos: int) -> None:
    """20 MB published to it, 100 in a soak. QoS 0 is dropped; QoS 1 fills a window and a queue."""
    total_bytes = (100 if SOAK else 20) * MB
    limits = {"max_inflight": 10, "offline_messages": 50}
    with (
        TwinProcess(**PLAIN, **limits) as twin,
        Raw(twin.port, window_bytes=4096) as deaf,
        Raw(twin.port) as sender,
    ):
        deaf.login("deaf").subscribe(("flood", 1))
        sender.login("sender")
        sender.deliver("flood/of/none", bytes(50_000), 1)
        memory_bytes = twin.memory_bytes
        for n in range(total_bytes // 50_000):
            sender.deliver("flood", bytes(50_000), qos, n + 1)
        grown_bytes = twin.memory_bytes - memory_bytes
        assert lives(twin)
    assert grown_bytes < 6 * MB, f"{grown_bytes / MB:.1f} MB"


def test_a_client_that_never_reads_what_it_asks_for_is_not_heard(victim: TwinProcess) -> None:
    """It publishes to itself; once that has nowhere to go, the twin stops to listen, and nothing piles up."""
    with Raw(victim.port, 1.0, window_bytes=4096) as wire:
        wire.login("mute").subscribe(("mute", 1))
        memory_bytes = victim.memory_bytes
        packets = b"".join(publish("mute", bytes(50_000), 1, n) for n in range(1, 1001))
        with pytest.raises(TimeoutError):
            wire.socket.sendall(packets)
        assert victim.memory_bytes - memory_bytes < 16 * MB
        assert lives(victim)
