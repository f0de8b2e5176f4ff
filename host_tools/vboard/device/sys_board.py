"""Stands in for the port's `sys`: the real one with the board's platform and name, and a terminal like a
board's.

A board turns "\\n" into "\\r\\n" on its console but not in what goes through sys.stdout.buffer; the
supervisor does the first, and needs a mark from here for the second. Left out: implementation._mpy stays the
interpreter's own, since native code of the board's architecture does not run here.
"""

import io
import sys
from collections import namedtuple

from vboard_link import PORT, setup

_NOT_COPIED = ("__name__", "__class__", "__dict__", "executable")
_out = sys.stdout


def _escaped(data):
    """See host_tools/vboard/console.py."""
    return data.replace(b"\xff", b"\xff\xff") if b"\xff" in data else data


class _Buffer:
    def write(self, data, length=None, offset=0):
        view = memoryview(data)
        part = bytes(view[offset : len(view) if length is None else offset + length])
        _out.write(_escaped(part).replace(b"\n", b"\xffn"))
        return len(part)


class _Stdout(io.IOBase):
    buffer = _Buffer()

    def write(self, text):
        _out.write(text if isinstance(text, str) else _escaped(bytes(text)))
        return len(text)

    def flush(self):
        pass


class _Sys:
    """A module in all but type: what sys.modules["sys"] holds is what `import sys` gives."""


def make():
    board = _Sys()
    for name in dir(sys):
        if name not in _NOT_COPIED:
            setattr(board, name, getattr(sys, name))
    fields = tuple(
        name
        for name in ("name", "version", "_machine", "_mpy", "_build")
        if hasattr(sys.implementation, name)
    )
    values = [getattr(sys.implementation, name) for name in fields]
    values[fields.index("_machine")] = setup["machine"]
    board.implementation = namedtuple("implementation", fields)(*values)
    board.platform = PORT
    board.stdout = _Stdout()
    return board
