"""Messages on their way out, in order, in memory while the link is up and on flash while it is not.

While offline they are written in batches, one file a batch, each a record with a checksum:
a message is safe from a power cut once its batch is written, `BATCH_MESSAGES` messages or one
`keep` later. A batch's file goes when all of it is acknowledged, so after a power cut a
message may be sent again, under the same id: the receiver drops what it has seen. When the
outbox is full a new message is refused and counted; one that was accepted is never dropped
for want of room, only for its age. One whose topic the server refuses waits beside the others,
so that it does not hold them up, in memory, until `keep` finds nothing older on flash; the oldest
of such makes room for a new message.
"""

import struct

from devcred import records

BATCH_MESSAGES = 8
_ENTRY_FMT = ">IIBH"
_ENTRY_LEN = 11


class Outbox:
    """A queue over `storage`, which keeps whole named files, or over None: memory alone.

    `storage`: names() in order, read(name), write(name, data) that is on flash when it
    returns, remove(name). `age_s`: None, or the seconds after which a message is dropped.
    """

    def __init__(self, storage, most_messages, most_bytes, age_s=None):
        self._storage = storage
        self._most_messages = most_messages
        self._most_bytes = most_bytes
        self._age_s = age_s
        self._head = []  # read from the oldest file, being sent
        self._head_name = None
        self._tail = []  # not on flash
        self._beside = []  # the server refuses their topic
        self._files = {}  # name: (messages, bytes)
        self._next = 1
        self.refused = 0
        self.expired = 0
        if storage is not None:
            self._recover()

    def __len__(self):
        """Messages that wait."""
        return self.held()[0]

    def put(self, number, now_s, topic, payload):
        """Accept a message (topic and payload in bytes) under `number`, or return False: full."""
        size = _size(topic, payload)
        too_long = size > min(records.PAYLOAD_MAX_BYTES, self._most_bytes)
        while too_long or not self._has_room(size):
            self.refused += 1
            if too_long or not self._beside:
                return False
            self._beside.pop(0)
        self._tail.append((number, now_s, topic, payload))
        return True

    def _has_room(self, size):
        count, held = self.held()
        return count < self._most_messages and held + size <= self._most_bytes

    def held(self):
        """What waits: (messages, bytes)."""
        count = size = 0
        for entries in (self._head, self._tail, self._beside):
            count += len(entries)
            for entry in entries:
                size += _size(entry[2], entry[3])
        for more, more_bytes in self._files.values():
            count += more
            size += more_bytes
        return count, size

    def due(self):
        """Whether enough waits in memory for a batch of its own."""
        return len(self._tail) >= BATCH_MESSAGES

    def keep(self):
        """Write to flash what lies in memory alone; OSError if flash does not take it."""
        if self._storage is None:
            return
        if not (self._head or self._files):
            # What waits beside the others is the oldest then; on flash it is in order and safe.
            self._tail = self._beside + self._tail
            self._beside = []
        while self._tail:
            count, payload = _packed(self._tail)
            name = "%08x" % self._next
            self._storage.write(name, records.pack(records.OUTBOX, self._next, payload))
            self._next += 1
            self._files[name] = (count, len(payload))
            self._tail = self._tail[count:]

    def peek(self, now_s=None):
        """The oldest message, (number, time, topic, payload), or None; it stays until `done`."""
        while True:
            entry = self._oldest()
            if entry is None or not self._too_old(entry, now_s):
                return entry
            self.expired += 1
            self.done()

    def done(self):
        """The oldest message is acknowledged: let it go."""
        if self._head:
            self._head.pop(0)
            if not self._head and self._head_name:
                self._storage.remove(self._head_name)
                self._head_name = None
        elif self._tail:
            self._tail.pop(0)

    def aside(self):
        """The oldest message waits beside the others from now on, until `back`."""
        self._beside.append(self._oldest())
        self.done()

    def back(self):
        """What waits beside the others comes first again."""
        self._head = self._beside + self._head
        self._beside = []

    def _oldest(self):
        if not self._head and self._files:
            self._open(min(self._files))
        if self._head:
            return self._head[0]
        return self._tail[0] if self._tail else None

    def _open(self, name):
        del self._files[name]
        self._head_name = name
        self._head = _unpacked(records.unpack(self._storage.read(name), records.OUTBOX)[1])

    def _too_old(self, entry, now_s):
        # A time from before the clock was set says nothing about age.
        return self._age_s is not None and now_s is not None and 0 < entry[1] < now_s - self._age_s

    def _recover(self):
        for name in self._storage.names():
            try:
                sequence, payload = records.unpack(self._storage.read(name) or b"", records.OUTBOX)
            except records.RecordError:
                # The power went while it was written: it was never accepted.
                self._storage.remove(name)
                continue
            self._files[name] = (len(_unpacked(payload)), len(payload))
            self._next = max(self._next, sequence + 1)


def _size(topic, payload):
    return _ENTRY_LEN + len(topic) + len(payload)


def _packed(entries):
    """As many entries as a record takes: (their count, the payload)."""
    parts, size = [], 0
    for number, at_s, topic, payload in entries[:BATCH_MESSAGES]:
        size += _size(topic, payload)
        if size > records.PAYLOAD_MAX_BYTES:
            break
        parts.append(struct.pack(_ENTRY_FMT, number, at_s, len(topic), len(payload)) + topic + payload)
    return len(parts), b"".join(parts)


def _unpacked(payload):
    entries, at = [], 0
    while at < len(payload):
        number, at_s, topic_len, payload_len = struct.unpack(_ENTRY_FMT, payload[at : at + _ENTRY_LEN])
        middle = at + _ENTRY_LEN + topic_len
        at = middle + payload_len
        entries.append((number, at_s, payload[middle - topic_len : middle], payload[middle:at]))
    return entries
