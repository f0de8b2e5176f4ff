"""Stands in for the flash chip: a block device over the image file that obeys the rules of NOR flash.

An erase sets a block to 0xff; a program can only clear bits, and one that would set a bit is reported as an
event. Left out: erase and program times, wear, the rest of the flash (firmware, NVS, partition table).
"""

import io

from vboard_link import emit

_SYNC, _BLOCK_COUNT, _BLOCK_SIZE, _ERASE = 3, 4, 5, 6


class FileBlockDevice:
    def __init__(self, fd, block_bytes, blocks):
        self._file = io.open(fd, "r+b")
        self._block_bytes = block_bytes
        self._blocks = blocks
        self._erased = b"\xff" * block_bytes
        self._erased_view = memoryview(self._erased)
        self._before = memoryview(bytearray(block_bytes))

    def readblocks(self, block, buf, offset=0):
        self._file.seek(block * self._block_bytes + offset)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, offset=None):
        if offset is None:  # the simple protocol: whole blocks, erased first
            for i in range(len(buf) // self._block_bytes):
                self._erase(block + i)
            offset = 0
        self._program(block * self._block_bytes + offset, memoryview(buf))

    def ioctl(self, op, arg):
        if op == _BLOCK_COUNT:
            return self._blocks
        if op == _BLOCK_SIZE:
            return self._block_bytes
        if op == _ERASE:
            self._erase(arg)
        return 0

    def _erase(self, block):
        self._file.seek(block * self._block_bytes)
        self._file.write(self._erased)

    def _program(self, at, data):
        for start in range(0, len(data), self._block_bytes):
            self._program_part(at + start, data[start : start + self._block_bytes])

    def _program_part(self, at, data):
        before = self._before[: len(data)]
        self._file.seek(at)
        self._file.readinto(before)
        if before != self._erased_view[: len(data)]:
            data = _clear_bits(before, data, at)
        self._file.seek(at)
        self._file.write(data)


def _clear_bits(before, data, at):
    """Programming what is not erased: the bits that are 0 stay 0."""
    result = bytes(old & new for old, new in zip(before, data))
    if result != bytes(data):
        emit(b"flash program of %d bytes at %d sets bits that were not erased\n" % (len(data), at))
    return result
