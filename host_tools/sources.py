"""MicroPython packages from the package index, pinned by version and SHA-256.

They are source archives with no build script, which pip refuses; unearth downloads them as
they are. The index is pip's own: PIP_INDEX_URL where it is set.
"""

import gzip
import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from host_tools import paths
from host_tools.errors import MachineError

_UNPACKED_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """A source archive: the version, and the SHA-256 of the file that the index must hand out."""

    version: str
    sha256: str


UMQTT = "micropython-umqtt.simple"
UNITTEST = "micropython-unittest"
SOURCES = {
    UMQTT: Source("1.3.4", "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"),
    UNITTEST: Source("0.4", "83b4a65c44b2f6382bc3dd8fbbe002b5679dbfc3744b99eaa59802e6fd14cf67"),
}


def fetch_sources(names: Iterable[str] = tuple(SOURCES)) -> dict[str, Path]:
    """The folder of each package, downloaded and checked if it is not there yet.

    No network is used for what is there. MachineError if the index cannot be reached or hands
    out another file than the pinned one. Several processes may call it at once.
    """
    return {name: fetch(name, SOURCES[name]) for name in names}


def umqtt_path() -> Path:
    """The folder that holds `umqtt/simple.py`."""
    return fetch_sources([UMQTT])[UMQTT]


def download(name: str, source: Source, folder: Path) -> bytes:
    """The archive itself, left in `folder` too. MachineError as for `fetch_sources`."""
    return _checked(_download(f"{name}=={source.version}", folder), name, source)


def fetch(name: str, source: Source) -> Path:
    """The folder of one source archive, pinned by the caller; else as `fetch_sources`."""
    parent = paths.cache() / "sources"
    folder = parent / f"{name}-{source.version}"
    if folder.is_dir():
        return folder
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".new-") as work:
        archive = download(name, source, Path(work))
        unpacked = Path(work) / "unpacked"
        _unpack(archive, unpacked, name)
        _publish(unpacked, folder)
    return folder


def _publish(unpacked: Path, folder: Path) -> None:
    """A folder under its final name is whole; where another process was first, its one stays."""
    try:
        unpacked.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _download(requirement: str, folder: Path) -> bytes:
    # Imported here: slow to load, and needed once in a checkout's life.
    from httpx2 import HTTPError
    from unearth import PackageFinder

    index = os.environ.get("PIP_INDEX_URL")
    finder = PackageFinder(index_urls=[index] if index else [])
    try:
        match = finder.find_best_match(requirement).best
        if match:
            return finder.download(match.link, folder).read_bytes()
    except (HTTPError, OSError, ValueError, RuntimeError):
        pass  # raised below: the library's own text may show the index's address and password
    raise MachineError(
        "cannot be had from the package index",
        where=requirement,
        do="connect to the network, or name an index that can be reached in PIP_INDEX_URL, and try again",
    )


def _checked(archive: bytes, name: str, source: Source) -> bytes:
    if hashlib.sha256(archive).hexdigest() == source.sha256:
        return archive
    raise MachineError(
        "the package index handed out another file than the pinned one (SHA-256 differs)",
        where=f"{name}=={source.version}",
        do="do not use it; check which index pip is set to",
    )


def _unpack(archive: bytes, folder: Path, name: str) -> None:
    """Write the archive's regular files below `folder`, without the folder they share on top."""
    try:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))) as tar:
            members = [member for member in tar if member.isfile()]
            if sum(member.size for member in members) > _UNPACKED_MAX_BYTES:
                raise _unusable(name, "is too large")
            for member in members:
                target = folder / _inside(member.name, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                assert content is not None  # it is a regular file
                target.write_bytes(content.read())
    except (tarfile.TarError, OSError, EOFError):
        raise _unusable(name, "is no gzip-compressed tar archive") from None


def _inside(member: str, name: str) -> PurePosixPath:
    path = PurePosixPath(member)
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
        raise _unusable(name, "has a file outside its own folder")
    return path.relative_to(path.parts[0])


def _unusable(name: str, why: str) -> MachineError:
    return MachineError(f"the archive {why}", where=name, do="do not use it; check which index pip is set to")
