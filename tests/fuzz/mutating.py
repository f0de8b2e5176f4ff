"""Damage to bytes: flipped, lost, doubled, moved, cut, grown, and taken from other streams."""

import itertools
import random
from collections.abc import Sequence

_EDGES = (0x00, 0x01, 0x7F, 0x80, 0xFF)
_GROWN_BYTES = 300


def damaged(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """`data` with one to four changes; `others` lend what is put in."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        data = _once(data, others, chance)
    return data


def cut(data: bytes, chance: random.Random, most: int = 5) -> list[bytes]:
    """The same bytes in pieces, some of them perhaps empty."""
    edges = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(0, most)))
    return [data[start:end] for start, end in itertools.pairwise([0, *edges, len(data)])]


def _once(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    end = min(len(data), at + chance.choice((1, 1, 1, 2, 4, chance.randint(1, 40))))
    before, piece, after = data[:at], data[at:end], data[end:]
    match chance.randrange(9):
        case 0 if piece:  # one bit
            return before + bytes((piece[0] ^ 1 << chance.randrange(8),)) + piece[1:] + after
        case 1:  # other values
            return before + bytes(chance.choice(_EDGES) for _ in piece) + after
        case 2:  # lost
            return before + after
        case 3:  # doubled
            return before + piece * chance.randint(2, 5) + after
        case 4:  # put in: noise
            return before + chance.randbytes(len(piece) or 1) + piece + after
        case 5:  # put in: part of another stream
            other = chance.choice(others)
            start = chance.randint(0, len(other))
            return before + other[start : start + chance.randint(1, 60)] + piece + after
        case 6:  # the end is missing
            return before
        case 7:  # moved
            return after + piece + before
        case _:  # long
            return before + piece[:1] * chance.randint(1, _GROWN_BYTES) + after
