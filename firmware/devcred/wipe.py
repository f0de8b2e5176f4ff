"""What a long hold of the button does: this device forgets who it is and which networks it knows."""

import os

from micropython import const

from devcred import records
from devcred.log import event

# LittleFS writes each version of a file elsewhere, a small one into its folder's log. A log is two
# blocks of 4096 bytes taken in turn, and a write adds 32 bytes to it at least: so many wear out both.
_LOG_WRITES = const(280)
_CHUNK_BYTES = const(512)
_FILL = "/wipe"


def wipe(board):
    """Erase the records from the files and from the flash beneath them, then start over.

    Takes as long as the flash needs to write all that is free, the watchdog fed throughout.
    """
    event("wipe", "erasing credential and Wi-Fi networks; do not switch off")
    try:
        _overwrite([path for kind in records.SECRETS for path in records.paths(kind)], board.feed)
        _fill(board.feed)
        event("wipe", "done")
    except OSError as error:
        event("wipe", "flash refused it, errno=%d; provision or erase this device" % error.errno)
    board.reset()


def _overwrite(paths, feed):
    # Two more, since a folder of many files has several logs: one in its first, one in its last.
    found = [path for path in paths if path[1:] in os.listdir("/")] + ["/!", _FILL]
    for _ in range(_LOG_WRITES):
        for path in found:
            with open(path, "wb") as file:
                file.write(b"\0")
            feed()
    for path in found:
        os.remove(path)


def _fill(feed):
    """Have every free block erased and written: until there is none."""
    chunk = bytes(_CHUNK_BYTES)
    try:
        with open(_FILL, "wb") as file:
            while True:
                file.write(chunk)
                feed()
    except OSError as error:
        if error.errno != 28:  # ENOSPC, which is what it is for
            raise
    os.remove(_FILL)
