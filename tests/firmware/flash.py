"""A little NOR flash in memory that remembers what was done to it, so that a power cut can be replayed.

It leaves out wear and timing.
"""

BLOCK_BYTES = 512
BLOCKS = 16


class Flash:
    """A block device for `vfs.VfsLfs2`: erase sets bits, programming only clears them."""

    def __init__(self, image=None, blocks=BLOCKS, block_bytes=BLOCK_BYTES):
        self.image = image or bytearray(b"\xff" * (block_bytes * blocks))
        self.block_bytes = block_bytes
        self.operations = None

    def record(self):
        """From here on, remember every erase and program."""
        self.operations = []

    def readblocks(self, block, buffer, offset=0):
        at = block * self.block_bytes + offset
        buffer[:] = self.image[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self._do(block * self.block_bytes + offset, bytes(buffer))

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.image) // self.block_bytes
        if operation == 5:
            return self.block_bytes
        if operation == 6:
            self._do(argument * self.block_bytes, None)
        return 0

    def _do(self, at, data):
        if self.operations is not None:
            self.operations.append((at, data))
        apply(self.image, at, data, self.block_bytes if data is None else len(data))


def apply(image, at, data, count):
    """The first `count` bytes of an operation: an erase (data None) or a program."""
    for i in range(count):
        image[at + i] = 0xFF if data is None else image[at + i] & data[i]
