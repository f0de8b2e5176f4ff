"""Stands in for the firmware's start-up: image as "/", boot.py, main.py, then the REPL of the real
interpreter.

The order and the rules are those of ports/esp32/main.c and ports/rp2/main.c: a file system that cannot be
mounted is made anew with the port's own program size; main.py runs only in the friendly REPL's mode and after
a boot.py that did not fail; SystemExit from either is a soft reset. The modules beside this file cost heap
here and none on a board, where firmware holds them: memory is set aside so that just as much stays free as
the board has. Left out: the boot ROM, the second core, safe mode. What firmware freezes is loaded at once
rather than at its first import.
"""

import gc
import io
import sys

import micropython
import vboard_link
import vfs
from filebdev import FileBlockDevice
from uos import stat as _stat
from vboard_link import emit, halt, setup

# A bare interpreter's heap of n KiB-words has this much of it for data; the rest is the collector's own
# table.
_DATA_PARTS, _HEAP_PARTS = 256, 259
_BARE_BYTES = 1024
_PIECE_BYTES = 160
_OBJECT_BYTES = 32


def _load_firmware():
    """Imports the stand-ins under the names the port has, and what its stock firmware freezes."""
    import os
    import select
    import socket
    import time

    import machine
    import neopixel
    import network
    import sys_board
    import vboard_links
    import vboard_tls

    port = __import__(vboard_link.PORT)
    sys.path[:] = [setup["frozen_path"], ".frozen"]
    for name in setup["frozen"]:
        __import__(name)
        gc.collect()
        sys.modules[name].__file__ = ".frozen/%s.py" % name.replace(".", "/")
    _true_ticks()
    modules = {
        "machine": machine,
        "network": network,
        "os": os,
        "select": select,
        "socket": socket,
        "time": time,
    }
    for name, module in modules.items():
        sys.modules[name] = sys.modules["u" + name] = module
    if not setup["neopixel"]:
        sys.modules.pop("neopixel")
    sys.modules[vboard_link.PORT] = port
    sys.modules["tls"] = vboard_tls
    vboard_links.take_sockets()
    return sys_board.make()


def _true_ticks():
    """asyncio's queue is part of the interpreter and counts its ticks, not the stand-in's."""
    import asyncio.core

    import utime

    core = asyncio.core
    core.ticks, core.ticks_add, core.ticks_diff = utime.ticks_ms, utime.ticks_add, utime.ticks_diff


def _mount():
    device = FileBlockDevice(setup["image_fd"], setup["block_bytes"], setup["blocks"])
    try:
        filesystem = vfs.VfsLfs2(device, progsize=setup["prog_bytes"])
    except OSError:
        vfs.VfsLfs2.mkfs(device, progsize=setup["prog_bytes"])
        filesystem = vfs.VfsLfs2(device, progsize=setup["prog_bytes"])
    vfs.umount("/")
    vfs.mount(filesystem, "/")


def _drop_shadowed():
    """The root comes before frozen modules in a board's sys.path."""
    import os

    for name in setup["frozen"]:
        if name.split(".")[0] in os.listdir("/"):
            sys.modules.pop(name, None)
            sys.modules.pop(name.split(".")[0], None)


def _ballast():
    """In small pieces: they fill the holes between the stand-ins, and what stays free is in one piece."""
    gc.collect()
    board_bytes = setup["heap_bytes"] * _DATA_PARTS // _HEAP_PARTS - _BARE_BYTES
    surplus = gc.mem_free() - board_bytes
    if surplus < 0:
        raise MemoryError("the stand-ins leave %d bytes too little" % -surplus)
    pieces = [None] * (surplus // _PIECE_BYTES)
    for i in range(len(pieces)):
        if gc.mem_free() - board_bytes < _PIECE_BYTES:
            break
        pieces[i] = bytearray(_PIECE_BYTES - _OBJECT_BYTES)
    return pieces


def _print_exception(exc):
    """As the firmware prints it: without the frames of these files."""
    text = io.StringIO()
    sys.print_exception(exc, text)
    lines = [line for line in text.getvalue().split("\n") if setup["device_path"] not in line]
    print("\n".join(lines), end="")


def _run(name, scope):
    """True if it ran to its end or is not there, False if it failed; a soft reset does not come back."""
    try:
        try:
            _stat(name)
        except OSError:
            return True
        scope["__file__"] = name
        micropython.kbd_intr(3)
        execfile(name, scope)
        return True
    except SystemExit:
        micropython.kbd_intr(-1)
        emit(b"soft\n")
        halt()
    except BaseException as exc:
        micropython.kbd_intr(-1)
        _print_exception(exc)
        return False
    finally:
        micropython.kbd_intr(-1)


def start(scope):
    """scope: the globals of boot.py, main.py and the REPL."""
    global _keep
    micropython.kbd_intr(-1)
    sys_board = _load_firmware()
    _mount()
    _drop_shadowed()
    sys.path[:] = ["", ".frozen", "/lib"]
    sys.argv[:] = []
    sys.modules["sys"] = sys.modules["usys"] = sys_board
    _keep = _ballast()
    scope.clear()
    scope["__name__"] = "__main__"
    emit(b"boot\n")
    if _run("boot.py", scope) and setup["run_main"]:
        _run("main.py", scope)
    print(setup["mark"], end="")
