"""Runs on MicroPython: mounts an image as a board's firmware does, prints what it holds, adds to it.

Arguments: image file, blocks, program size, and `make` or `add`. Prints one dict of path to content.
"""

import os
import sys

import vfs

BLOCK = 4096


class Flash:
    """Flash over a file: erasing sets bytes to 0xFF, programming can only clear bits."""

    def __init__(self, name, blocks):
        self.file = open(name, "r+b")
        self.blocks = blocks

    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * BLOCK + offset)
        self.file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        old = bytearray(len(buf))
        self.readblocks(block, old, offset)
        if any(new & ~was for new, was in zip(buf, old)):
            raise ValueError("programs a bit that was not erased")
        self.file.seek(block * BLOCK + offset)
        self.file.write(buf)

    def ioctl(self, op, argument):
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK
        if op == 6:
            self.file.seek(argument * BLOCK)
            self.file.write(b"\xff" * BLOCK)
        if op == 3:
            self.file.flush()
        return 0


def contents(folder):
    found = {}
    for entry in os.ilistdir(folder):
        path = folder.rstrip("/") + "/" + entry[0]
        if entry[1] & 0x4000:
            found.update(contents(path))
        else:
            with open(path, "rb") as file:
                found[path[len("/flash") :]] = file.read()
    return found


name, blocks, prog, mode = sys.argv[1:]
flash = Flash(name, int(blocks))
if mode == "make":
    vfs.VfsLfs2.mkfs(flash, progsize=int(prog))
vfs.mount(vfs.VfsLfs2(flash, progsize=int(prog)), "/flash")
print(contents("/flash"))
os.mkdir("/flash/made")
with open("/flash/made/there.txt", "wb") as file:
    file.write(b"there" * 2000)
vfs.umount("/flash")
flash.file.close()
