"""Probes of what needs no network: memory, numbers, time, files."""

import hashlib
import os
import select
import sys
import time

from probe_kit import failing

FROZEN = (
    "asyncio aioble dht ds18x20 mip neopixel ntptime onewire requests ssl uasyncio umqtt.simple urequests"
    " webrepl"
)


def depth():
    def deeper(level):
        try:
            return deeper(level + 1)
        except RuntimeError:
            return level

    return deeper(0)


def modules():
    """Which of a few modules a program could do without are there."""
    names = ("_thread", "vfs", "ssl", "tls", "cryptolib", "umqtt.simple")
    return " ".join([name for name in names if is_there(name)])


def is_there(name):
    return failing(lambda: __import__(name)) == "no error"


def frozen():
    return " ".join([name for name in FROZEN.split() if is_there(name)])


def hashes():
    return " ".join([name for name in ("md5", "sha1", "sha256") if hasattr(hashlib, name)])


# file system


def written(path, data=b"x"):
    with open(path, "wb") as file:
        file.write(data)


def rename_over():
    written("one", b"1")
    written("two", b"2")
    os.rename("one", "two")
    with open("two") as file:
        return "replaced by " + file.read()


def unsynced():
    file = open("open", "w")
    file.write("x" * 10)
    answer = os.stat("open")[6]
    file.close()
    return answer


def remove_open():
    file = open("open", "w")
    try:
        return failing(lambda: os.remove("open"))
    finally:
        file.close()


def remove_full():
    os.mkdir("folder")
    written("folder/file")
    return failing(lambda: os.rmdir("folder"))


def long_name():
    written("n" * 256)


PROBES = (
    ("recursion-depth", depth),
    ("ticks-period", lambda: time.ticks_add(0, -1) + 1),
    ("epoch-year", lambda: time.gmtime(0)[0]),
    ("clock-at-power-on", lambda: time.localtime()[0]),
    ("type-of-time", lambda: type(time.time()).__name__),
    ("float", lambda: float(1 << 24) + 1 - (1 << 24)),
    ("small-int-bits", lambda: len(bin(sys.maxsize)) - 2),
    ("hashes", hashes),
    ("frozen", frozen),
    ("modules", modules),
    ("poll-numbers", lambda: (select.POLLIN, select.POLLOUT, select.POLLERR, select.POLLHUP)),
    ("statvfs", lambda: os.statvfs("/")[:3]),
    ("sync", lambda: hasattr(os, "sync")),
    ("rename-over", rename_over),
    ("rename-missing", lambda: failing(lambda: os.rename("missing", "other"))),
    ("open-missing", lambda: failing(lambda: open("missing"))),
    ("open-directory", lambda: failing(lambda: open("/"))),
    ("open-below-file", lambda: failing(lambda: open("two/three"))),
    ("remove-missing", lambda: failing(lambda: os.remove("missing"))),
    ("remove-open", remove_open),
    ("rmdir-full", remove_full),
    ("mkdir-again", lambda: failing(lambda: os.mkdir("folder"))),
    ("listdir-missing", lambda: failing(lambda: os.listdir("missing"))),
    ("size-before-close", unsynced),
    ("long-name", long_name),
)
