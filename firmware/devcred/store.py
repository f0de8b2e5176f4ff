"""Records on the file system, two slots each, so that a power cut leaves the old or the new."""

import os

from devcred import features, records

# One byte past the longest record shows that a file is too long.
_MOST_BYTES = records.HEADER_LEN + records.PAYLOAD_MAX_BYTES + records.CRC_LEN + 1


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
    _write(path, record)


def _slots(kind):
    return [_read(path) for path in records.paths(kind)]


def _read(path):
    try:
        with open(path, "rb") as file:
            # Saved while connected: a heap full of small things may have no room for the longest.
            return file.read(min(_MOST_BYTES, os.stat(path)[6]) if features.RENEWAL else _MOST_BYTES)
    except OSError:
        return None


def note(path):
    """A short text kept at `path`, or None; nothing depends on it."""
    data = _read(path)
    return data.decode() if data else None


def take_note(path, text):
    """Keep a short text; flash that is full or worn is no reason to fail."""
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError:
        pass


class Folder:
    """A folder of small files, each written whole and on flash before `write` returns.

    `feed()` feeds the watchdog: a file is written or removed without a break, many are not.
    """

    def __init__(self, path, feed):
        self._path = path
        self._feed = feed
        if path[1:] not in os.listdir("/"):
            os.mkdir(path)

    def names(self):
        """The files' names, sorted."""
        return sorted(os.listdir(self._path))

    def read(self, name):
        """The content, or None if it is not there."""
        return _read(self._path + "/" + name)

    def write(self, name, data):
        """Make the file; OSError if flash did not keep what was written."""
        self._feed()
        _write(self._path + "/" + name, data)

    def remove(self, name):
        """Take the file away."""
        self._feed()
        os.remove(self._path + "/" + name)


def _write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    if hasattr(os, "sync"):  # the unix port has none
        os.sync()
    if _read(path) != data:
        raise OSError(5)
