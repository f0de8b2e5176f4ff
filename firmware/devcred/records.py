"""Stored records: a frame that shows a torn or garbled write, for secrets that must survive.

    0  4  magic "DVCR"      6  4  sequence number
    4  1  format, 1        10  2  payload length n
    5  1  kind             12  n  payload          12+n  4  CRC-32 of all before

All numbers big-endian. Two slots hold two records; the valid one with the higher
sequence number counts. What a payload means is its kind's business.
"""

import binascii
import struct

from devcred import features

MAGIC = b"DVCR"
FORMAT = 1
HEADER_FMT = ">4sBBIH"
HEADER_LEN = 12
CRC_LEN = 4
PAYLOAD_MAX_BYTES = 2048
SEQUENCE_MAX = 0xFFFFFFFF

CREDENTIAL = 1
WIFI = 2
OUTBOX = 3
# What proves this device to its application server; the text itself is the payload.
DEVICE_KEY = 4

_PATHS = (
    {CREDENTIAL: "/credential", WIFI: "/wifi", DEVICE_KEY: "/device-key"}
    if features.RENEWAL
    else {CREDENTIAL: "/credential", WIFI: "/wifi"}
)
# What a wipe erases.
SECRETS = tuple(_PATHS)


class RecordError(ValueError):
    """The bytes are no whole record; the text says what is wrong and shows none of them."""


def paths(kind: int):
    """Where the two slots of that kind lie on the device."""
    return (_PATHS[kind] + ".a", _PATHS[kind] + ".b")


def pack(kind: int, sequence: int, payload: bytes) -> bytes:
    """The record as it lies on flash."""
    if not 0 <= sequence <= SEQUENCE_MAX:
        raise ValueError("sequence: out of range")
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise ValueError("payload: %d bytes, at most %d" % (len(payload), PAYLOAD_MAX_BYTES))
    body = struct.pack(HEADER_FMT, MAGIC, FORMAT, kind, sequence, len(payload)) + payload
    return body + struct.pack(">I", binascii.crc32(body))


def unpack(data: bytes, kind: int):
    """(sequence number, payload) of a record of that kind; RecordError if it is not one."""
    if len(data) < HEADER_LEN + CRC_LEN:
        raise RecordError("truncated")
    magic, form, found, sequence, length = struct.unpack(HEADER_FMT, data[:HEADER_LEN])
    if magic != MAGIC:
        raise RecordError("not a record")
    if form != FORMAT:
        raise RecordError("format %d is not known here" % form)
    end = HEADER_LEN + length
    if len(data) != end + CRC_LEN:
        raise RecordError("truncated" if len(data) < end + CRC_LEN else "too long")
    if struct.unpack(">I", data[end:])[0] != binascii.crc32(data[:end]):
        raise RecordError("checksum does not match")
    if found != kind:
        raise RecordError("of another kind")
    return sequence, bytes(data[HEADER_LEN:end])


def newest(slots, kind: int):
    """(index, sequence, payload) of the newest whole record among `slots`, or None.

    `slots` holds bytes, or None for a slot that is empty.
    """
    best = None
    for index, data in enumerate(slots):
        try:
            sequence, payload = unpack(data or b"", kind)
        except RecordError:
            continue
        if best is None or sequence > best[1]:
            best = (index, sequence, payload)
    return best
