"""The image file as a chip that one virtual board at a time can hold."""

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

from host_tools.errors import MachineError, UsageError

if TYPE_CHECKING:
    from host_tools.boards.definition import Board

_ERASED = b"\xff"


def open_image(image: Path, board: "Board") -> int:
    """A descriptor, locked until every holder has closed it; a missing image is made, erased."""
    size = board.filesystem.blocks * board.filesystem.block_bytes
    try:
        fd = os.open(image, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise MachineError(
            f"cannot open: {exc.strerror}", where=str(image), do="name an image that can be written"
        ) from None
    try:
        _claim(fd, image)
        if not os.fstat(fd).st_size:
            os.pwrite(fd, _ERASED * size, 0)
        if os.fstat(fd).st_size != size:
            found = os.fstat(fd).st_size
            raise UsageError(
                f"has {found} bytes, the file system of {board.id} has {size}",
                where=str(image),
                do="build the image for this board",
            )
    except BaseException:
        os.close(fd)
        raise
    return fd


def _claim(fd: int, image: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise MachineError(
            "is in use by another virtual board", where=str(image), do="stop that one first"
        ) from None
