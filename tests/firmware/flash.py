"""A little NOR flash in memory that remembers what was done to it, so that a power cut can be replayed.

It leaves out wear and timing.
"""

import vfs

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
        _apply(self.image, at, data, self.block_bytes if data is None else len(data))


class OnFlash:
    """For a TestCase: the root is a LittleFS on `flash`, of so many `blocks`, new for each test."""

    blocks = BLOCKS

    def setUp(self):
        vfs.umount("/")
        self.mounted = False
        self.flash = Flash(blocks=self.blocks)
        vfs.VfsLfs2.mkfs(self.flash)
        self.power_on(self.flash)

    def tearDown(self):
        self.power_off()
        vfs.mount(vfs.VfsPosix(), "/")

    def power_on(self, flash):
        """What lies on that one is the root now."""
        self.power_off()
        vfs.mount(vfs.VfsLfs2(flash), "/")
        self.mounted = True

    def power_off(self):
        if self.mounted:
            vfs.umount("/")
        self.mounted = False


def cuts(base, operations):
    """The flash as each power cut leaves it, torn operations included."""
    for cut in range(len(operations) + 1):
        for torn_bytes in (0, 1, 16, 40, 200, 300):
            image = bytearray(base)
            for at, data in operations[:cut]:
                _apply(image, at, data, BLOCK_BYTES if data is None else len(data))
            if cut < len(operations):
                at, data = operations[cut]
                _apply(image, at, data, min(torn_bytes, BLOCK_BYTES if data is None else len(data)))
            yield Flash(image)


def _apply(image, at, data, count):
    """The first `count` bytes of an operation: an erase (data None) or a program."""
    for i in range(count):
        image[at + i] = 0xFF if data is None else image[at + i] & data[i]
