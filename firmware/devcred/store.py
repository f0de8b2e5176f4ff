"""Records on the file system, two slots each, so that a power cut leaves the old or the new."""

import os

from devcred import records


def load(kind):
    """The payload of the newest whole record, or None; a garbled slot is passed over."""
    found = records.newest(_slots(kind), kind)
    return found and found[2]


def is_blank(kind):
    """Whether no slot holds anything at all: never provisioned, as against garbled."""
    return not any(_slots(kind))


def save(kind, payload):
    """Write `payload` as the newest record and read it back; the older one stays until then.

    Raises OSError when flash did not keep what was written.
    """
    found = records.newest(_slots(kind), kind)
    index, sequence = (1 - found[0], found[1] + 1) if found else (0, 1)
    path = records.paths(kind)[index]
    record = records.pack(kind, sequence, payload)
    with open(path, "wb") as file:
        file.write(record)
    if hasattr(os, "sync"):  # the unix port has none
        os.sync()
    if _read(path) != record:
        raise OSError(5)


def _slots(kind):
    return [_read(path) for path in records.paths(kind)]


def _read(path):
    try:
        with open(path, "rb") as file:
            # One byte past the longest record shows that a file is too long.
            return file.read(records.HEADER_LEN + records.PAYLOAD_MAX_BYTES + records.CRC_LEN + 1)
    except OSError:
        return None
