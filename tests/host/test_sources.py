"""Pinned source packages: what the index hands out is checked before anything is unpacked."""

import hashlib
import io
import socket
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import pytest

from host_tools import sources
from host_tools.errors import MachineError
from host_tools.sources import UMQTT, Source, fetch_sources, umqtt_path

FILE = "micropython-umqtt.simple-1.3.4.tar.gz"


def _archive(members: Any) -> bytes:
    """A gzip-compressed tar of (name, content) pairs; content None makes a link to /etc/passwd."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content or b""))
    return packed.getvalue()


class HandOut(Protocol):
    def __call__(self, archive: bytes, pin: bool = True) -> Path:
        """The folder of what is fetched."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HandOut:
    """A package index on disk and an empty cache; call it with the archive to hand out."""
    folder = tmp_path / "simple" / "micropython-umqtt-simple"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(f'<a href="{FILE}">{FILE}</a>')
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())
    monkeypatch.setenv("DEVCRED_CACHE", str(tmp_path / "cache"))

    def hand_out(archive: bytes, pin: bool = True) -> Path:
        (folder / FILE).write_bytes(archive)
        if pin:
            source = Source("1.3.4", hashlib.sha256(archive).hexdigest())
            monkeypatch.setitem(sources.SOURCES, UMQTT, source)
        return tmp_path / "cache" / "sources"

    return hand_out


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index at an address where nobody listens, with a password in it, and an empty cache."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("PIP_INDEX_URL", f"http://someone:sesame@127.0.0.1:{port}/")
    monkeypatch.setenv("DEVCRED_CACHE", str(tmp_path / "cache"))


def test_the_real_client_is_there() -> None:
    client = umqtt_path() / "umqtt" / "simple.py"
    assert "class MQTTClient" in client.read_text()


def test_a_package_is_unpacked_once_and_then_needs_no_network(
    index: HandOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(_archive([("top/umqtt/simple.py", b"x = 1\n"), ("top/PKG-INFO", b"")]))
    folder = fetch_sources([UMQTT])[UMQTT]
    assert folder.name == "micropython-umqtt.simple-1.3.4"
    assert (folder / "umqtt" / "simple.py").read_bytes() == b"x = 1\n"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing else stays"
    monkeypatch.setenv("PIP_INDEX_URL", "file:///nowhere")
    assert fetch_sources([UMQTT])[UMQTT] == folder


def test_another_file_than_the_pinned_one_is_refused(index: HandOut) -> None:
    cache = index(_archive([("top/umqtt/simple.py", b"steal()\n")]), pin=False)
    with pytest.raises(MachineError, match="SHA-256 differs"):
        fetch_sources([UMQTT])
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    "members",
    [
        [("top/fine.py", b""), ("top/../../../escaped.py", b"x")],
        [("/top/escaped.py", b"x")],
        [("escaped.py", b"x")],
        [("top/huge.py", bytes(1 << 21))],
    ],
    ids=["dots", "absolute", "no folder", "huge"],
)
def test_an_archive_cannot_write_outside_its_folder(index: HandOut, members: Any, tmp_path: Path) -> None:
    cache = index(_archive(members))
    with pytest.raises(MachineError, match="the archive"):
        fetch_sources([UMQTT])
    assert list(cache.iterdir()) == []
    assert not list(tmp_path.rglob("escaped.py"))


def test_links_in_an_archive_are_left_out(index: HandOut) -> None:
    index(_archive([("top/umqtt/simple.py", b""), ("top/link", None)]))
    assert not (fetch_sources([UMQTT])[UMQTT] / "link").is_symlink()


@pytest.mark.parametrize("archive", [b"", b"no archive", b"\x1f\x8b\x08\x00"])
def test_a_file_that_is_no_archive_is_refused(index: HandOut, archive: bytes) -> None:
    cache = index(archive)
    with pytest.raises(MachineError, match="no gzip-compressed tar"):
        fetch_sources([UMQTT])
    assert list(cache.iterdir()) == []


def test_without_a_network_it_says_so_and_shows_no_password(no_network: None) -> None:
    with pytest.raises(MachineError) as caught:
        fetch_sources([UMQTT])
    line = str(caught.value)
    assert line.startswith("micropython-umqtt.simple==1.3.4: cannot be had from the package index")
    assert "sesame" not in line and "\n" not in line
    assert caught.value.__context__ is None, "a traceback would show what the library said"


def test_two_processes_at_once_both_get_it(index: HandOut, tmp_path: Path) -> None:
    archive = _archive([("top/umqtt/simple.py", b"x = 1\n")])
    cache = index(archive)
    code = (
        "import sys; from host_tools import sources; "
        "sources.SOURCES[sources.UMQTT] = sources.Source('1.3.4', sys.argv[1]); "
        "print(sources.umqtt_path())"
    )
    command = [sys.executable, "-c", code, hashlib.sha256(archive).hexdigest()]

    def fetch(_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)

    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(fetch, range(2)))
    assert [(process.returncode, process.stderr) for process in ended] == [(0, "")] * 2
    assert {process.stdout.strip() for process in ended} == {str(cache / "micropython-umqtt.simple-1.3.4")}
    assert len(list(cache.iterdir())) == 1
