"""Runs in MicroPython: what 1,000 messages of an outage cost the flash. `wear.py ours|file`.

A LittleFS with the Pico W's block and write sizes, over memory that counts; wear itself is left out.
"""

import sys

import vfs

BLOCK_BYTES, BLOCKS, PROG_BYTES = 4096, 64, 256
MESSAGES, OUTAGE_MESSAGES = 1000, 40
TOPIC, PAYLOAD = b"devcred/reading", b"x" * 100


class Flash:
    """A block device that counts its erases."""

    def __init__(self):
        self.blocks = [bytearray(BLOCK_BYTES) for _ in range(BLOCKS)]
        self.erases = 0

    def readblocks(self, block, buffer, offset=0):
        buffer[:] = self.blocks[block][offset : offset + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self.blocks[block][offset : offset + len(buffer)] = buffer

    def ioctl(self, operation, _argument):
        self.erases += operation == 6
        return {4: BLOCKS, 5: BLOCK_BYTES}.get(operation, 0)


class FileEach:
    """What is simplest: a file for each message, removed when it is acknowledged."""

    def __init__(self, storage):
        self._storage = storage
        self._at = 0

    def put(self, number, _now_s, topic, payload):
        self._storage.write("%08x" % number, topic + payload)

    def keep(self):
        pass

    def peek(self):
        names = self._storage.names()
        return names[0] if names else None

    def done(self):
        self._storage.remove(self._storage.names()[0])


def main(way):
    from devcred import store
    from devcred.outbox import BATCH_MESSAGES, Outbox

    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=PROG_BYTES)
    vfs.umount("/")
    vfs.mount(vfs.VfsLfs2(flash, progsize=PROG_BYTES), "/")
    storage = store.Folder("/outbox")
    box = Outbox(storage, OUTAGE_MESSAGES, 65536) if way == "ours" else FileEach(storage)
    flash.erases = 0  # those of mkfs are not the outbox's
    for start in range(0, MESSAGES, OUTAGE_MESSAGES):
        for number in range(start, start + OUTAGE_MESSAGES):
            box.put(number, 0, TOPIC, PAYLOAD)
            if number % BATCH_MESSAGES == BATCH_MESSAGES - 1:
                box.keep()
        while box.peek() is not None:
            box.done()
    sys.stdout.write("%d\n" % flash.erases)


main(sys.argv[1])
