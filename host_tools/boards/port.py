"""Why a serial port cannot be opened or used, told apart by what the operator can do."""

import errno
import fcntl
import os

from serial.tools import list_ports

from host_tools.errors import BoardError

_MISSING = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_FORBIDDEN = (errno.EACCES, errno.EPERM)


class PortBusyError(BoardError):
    """It may be free a moment later."""


def trouble(port: str) -> BoardError:
    """The reason why `port` did not open, found by trying again by hand."""
    try:
        handle = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        return _not_opened(port, error.errno)
    try:
        if not os.isatty(handle):
            return BoardError("is not a serial port", where=port, do="name the board's port")
        # The lock that pyserial, and so mpremote, holds on a port in use.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return _busy(port)
    finally:
        os.close(handle)
    return PortBusyError("cannot be opened", where=port, do="unplug the board, plug it in and try again")


def silent(port: str) -> BoardError:
    """The port is open, and nothing there talks as MicroPython does."""
    return BoardError(
        "the board does not answer",
        where=port,
        do="press its reset button, check that it runs MicroPython, and try again",
    )


def lost(port: str) -> BoardError:
    """The port was open and went away, or stopped taking bytes."""
    return BoardError("the connection was lost", where=port, do="check the cable and try again")


def _not_opened(port: str, number: int | None) -> BoardError:
    if number in _MISSING:
        found = ", ".join(sorted(item.device for item in list_ports.comports())) or "none"
        return BoardError("no such port", where=port, do=f"check the cable; ports here: {found}")
    if number in _FORBIDDEN:
        return BoardError(
            "no permission",
            where=port,
            do="join the group that owns it (dialout or uucp on Linux), and log in again",
        )
    if number == errno.EBUSY:
        return _busy(port)
    return BoardError(f"cannot be opened (errno {number})", where=port, do="check the cable and try again")


def _busy(port: str) -> PortBusyError:
    return PortBusyError(
        "is in use by another program",
        where=port,
        do="close that program (a terminal, an editor) and try again",
    )
