"""Damaged packets at the decoder: refused or read, the same however they are cut, and nothing else."""

import random
import time

import pytest

from host_tools.twin.broker.decode import FROM_CLIENT, FROM_SERVER, Decoder, MalformedPacketError
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import PROTOCOL_LEVEL, Connect, Packet
from tests.fuzz import mutating, packets, seeding

ALL = FROM_CLIENT | FROM_SERVER
COUNT = seeding.count("DEVCRED_FUZZ_PACKETS", 30_000)
MAX_BYTES = 16_384
A_PACKET_S = 5.0
GROWTH_MB = 8.0
STREAMS = 400


def read(pieces: list[bytes]) -> tuple[list[Packet], str]:
    """The packets, and why it stopped reading; empty if it would read on."""
    decoder, found = Decoder(ALL, MAX_BYTES), []
    try:
        for piece in pieces:
            decoder.feed(piece)
            while (packet := decoder.next()) is not None:
                found.append(packet)
    except MalformedPacketError as error:
        return found, str(error)
    return found, ""


def valid_stream(chance: random.Random) -> bytes:
    return b"".join(encode(packets.any_packet(chance)) for _ in range(chance.randint(1, 3)))


def check(data: bytes, chance: random.Random) -> tuple[int, str]:
    """Everything that must hold of one damaged stream; how many packets it gave, and how it ended."""
    began_s = time.perf_counter()
    whole = read([data])
    assert read(mutating.cut(data, chance)) == whole
    for packet in whole[0]:
        # What was read can be said again, and means the same; of another protocol level nothing was read.
        if not (isinstance(packet, Connect) and packet.level != PROTOCOL_LEVEL):
            assert read([encode(packet)]) == ([packet], "")
    assert time.perf_counter() - began_s < A_PACKET_S
    return len(whole[0]), whole[1]


def test_damaged_packets_are_refused_or_read_and_nothing_else() -> None:
    chance = seeding.source("decoder")
    streams = [valid_stream(chance) for _ in range(STREAMS)]
    read_packets, refused, before_mb = 0, 0, 0.0
    for number in range(COUNT):
        if number == COUNT // 10:
            before_mb = seeding.resident_mb()  # by now every cache is warm
        data = mutating.damaged(chance.choice(streams), streams, chance)
        try:
            got, why = check(data, chance)
        except Exception as error:
            raise AssertionError(f"stream {number}: {data.hex()}") from error
        read_packets, refused = read_packets + got, refused + bool(why)
    seeding.say(f"{COUNT} damaged streams: {read_packets} packets read, {refused} refused as malformed")
    assert seeding.resident_mb() - before_mb < GROWTH_MB
    # Damage that is always refused, or never, tries one half of the code.
    assert read_packets > COUNT // 4 and refused > COUNT // 4


def test_a_stream_of_any_length_is_not_kept() -> None:
    chance = seeding.source("endless")
    decoder, limit = Decoder(ALL, 2 * MAX_BYTES), 64 * MAX_BYTES
    before_mb = seeding.resident_mb()
    data = b"".join(encode(packets.publish(chance)) for _ in range(50))
    for _ in range(limit // len(data) + 1):
        for piece in mutating.cut(data, chance):
            decoder.feed(piece)
            while decoder.next() is not None:
                pass
    assert seeding.resident_mb() - before_mb < GROWTH_MB


@pytest.mark.parametrize("seed", [1, 2])
def test_a_seed_gives_the_same_damage(seed: int) -> None:
    made = [
        mutating.damaged(valid_stream(chance), [b"other"], chance)
        for chance in (random.Random(seed), random.Random(seed))
    ]
    assert made[0] == made[1]
