"""A board's file system as a LittleFS image, with the geometry its port mounts.

The settings are those of MicroPython's VfsLfs2: read size and lookahead 32 bytes, a cache of
four reads or writes but no more than a block, 100 erases before a block moves on. The same
files give the same bytes: no times are written.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from littlefs import LittleFS, LittleFSError

from host_tools.boards.definition import Board, FileSystem
from host_tools.errors import BoardError, UsageError

_READ_BYTES = 32
_BLOCK_CYCLES = 100
# 2.1; what MicroPython before 1.22 cannot read, so that the definitions ask for 1.22.
_DISK_VERSION = 0x00020001
_NO_SPACE = LittleFSError.Error.LFS_ERR_NOSPC


def empty_image(board: Board) -> bytes:
    """A formatted file system with no files."""
    return build_image(board, {})


def build_image(board: Board, files: Mapping[str, bytes]) -> bytes:
    """A file system that holds `files`, device path to content; BoardError if they do not fit."""
    fs = _file_system(board.filesystem)
    fs.format()
    fs.mount()
    try:
        for path, content in sorted(files.items()):
            _write(fs, path, content)
    except LittleFSError as error:
        raise _not_written(error, board) from None
    image = bytes(fs.context.buffer)
    fs.unmount()
    return image


def read_image(board: Board, image: bytes) -> dict[str, bytes]:
    """All files in `image`, absolute path to content; BoardError if it is no image of that board."""
    size = board.filesystem.size_bytes
    if len(image) != size:
        raise BoardError(
            f"{len(image)} bytes, the board's file system has {size}",
            where=f"image for {board.id}",
            do="use an image made for this board",
        )
    fs = _file_system(board.filesystem)
    fs.context.buffer[:] = image
    try:
        fs.mount()
        return {path: _read(fs, path) for path in _walk(fs)}
    except (LittleFSError, UnicodeError):
        raise BoardError(
            "holds no LittleFS that can be read",
            where=f"image for {board.id}",
            do="make it again: devcred image build",
        ) from None


def write_image(path: Path, image: bytes) -> None:
    """Put `image` at `path`, whole or not at all, for the owner alone: it holds secrets."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as private:
            file = Path(private) / path.name
            file.touch(mode=0o600)
            file.write_bytes(image)
            file.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"cannot be written ({reason})", where=str(path), do="name another path") from None


def _file_system(geometry: FileSystem) -> LittleFS:
    block, prog = geometry.block_bytes, geometry.prog_bytes
    return LittleFS(
        mount=False,
        block_size=block,
        block_count=geometry.blocks,
        read_size=_READ_BYTES,
        prog_size=prog,
        cache_size=min(block, 4 * max(_READ_BYTES, prog)),
        lookahead_size=_READ_BYTES,
        block_cycles=_BLOCK_CYCLES,
        disk_version=_DISK_VERSION,
    )


def _write(fs: LittleFS, path: str, content: bytes) -> None:
    pure = PurePosixPath("/") / path
    if ".." in pure.parts or pure == PurePosixPath("/"):
        raise UsageError("not a path to a file on a device", where=path, do="name an absolute path")
    fs.makedirs(str(pure.parent), exist_ok=True)
    with fs.open(str(pure), "wb") as file:
        file.write(content)


def _read(fs: LittleFS, path: str) -> bytes:
    with fs.open(path, "rb") as file:
        content: bytes = file.read()
    return content


def _walk(fs: LittleFS) -> list[str]:
    found = []
    for folder, _, names in fs.walk("/"):
        found += [str(PurePosixPath(folder) / name) for name in names]
    return sorted(found)


def _not_written(error: LittleFSError, board: Board) -> BoardError:
    if error.code == _NO_SPACE:
        size = board.filesystem.size_bytes
        return BoardError(
            f"the files do not fit into its file system of {size} bytes",
            where=board.id,
            do="leave files out, or choose a board with more flash",
        )
    reason = LittleFSError.Error(error.code).name
    return BoardError(f"a file cannot be stored ({reason})", where=board.id, do="check the files' paths")
