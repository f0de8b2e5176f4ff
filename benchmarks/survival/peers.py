"""The clients that are compared, and where their code comes from: the package index, by SHA-256."""

import io
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmarks.peers.brokers import ROOT
from host_tools import paths, sources
from host_tools.errors import MachineError
from host_tools.sources import Source

DEVICE = Path(__file__).with_name("device")
_UNPACKED_MAX_BYTES = 1 << 20

WHEELS = {
    "aiomqttc": Source("1.0.7", "edced4a29120d00e116732eb8e1e22ac3804ff18c14981d14816f9987b2f33ea"),
    "arduino-iot-cloud": Source("1.4.1", "42989f5fa4b0dcf9da6eab21f30e2d801a7b4f369b31d85c04a70cebc2978046"),
    "chumicro-config": Source("0.7.7", "869ee0d7947b4a0f584c6e02dcff82b891b0c96a00cc112aa82e344029b9a3f1"),
    "chumicro-mqtt": Source("0.30.3", "9752586bb10e29389e5f5c443594ce0b5f2f1343ba9aefb3fc9909e33d234482"),
    "chumicro-sockets": Source("0.21.3", "ade59b6045db5bdb03b7992748a8b1111efdda482c165d09bd6e7eb25b34f3b6"),
    "chumicro-timing": Source("0.8.4", "f637c0331a30659a77d98828cf3fb9608402204059934e73c916b0f82b33703c"),
}
ARCHIVES = {
    "micropython-logging": Source(
        "0.5.2", "4fe714775fa6cafc2466bac7fe28485c13610470d3ea2bddac956bcd89b4453d"
    ),
    "micropython-umqtt.robust": Source(
        "1.0", "22a1b8c8e1128281efb13b3020927d07e33c5b747869da2cd77d37983a9ea002"
    ),
}


@dataclass(frozen=True)
class Peer:
    """A client: the script that uses it, and the packages in its path, of which the first is itself.

    `only`: the files of the first package that are taken, if not all. `tls`: it knows no plain TCP.
    """

    name: str
    script: str
    packages: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    tls: bool = False

    def title(self) -> str:
        """Its name and the version that the index has; ours is what is in this checkout."""
        if not self.packages:
            return self.name
        version = {**WHEELS, **ARCHIVES, **sources.SOURCES}[self.packages[0]].version
        name, comma, how = self.name.partition(",")
        return f"{name} {version}{comma}{how}"


_CHUMICRO = ("chumicro-mqtt", "chumicro-sockets", "chumicro-timing", "chumicro-config")

OURS = Peer("devcred", "play_devcred.py")
SIMPLE = Peer("umqtt.simple", "play_umqtt.py", (sources.UMQTT,), ("simple",))
PEERS = (
    OURS,
    SIMPLE,
    Peer("umqtt.robust", "play_umqtt.py", ("micropython-umqtt.robust", sources.UMQTT), ("robust",)),
    Peer("chumicro-mqtt", "play_chumicro.py", _CHUMICRO),
    # Its default drops what is in flight when it connects again; this is its option against that.
    Peer("chumicro-mqtt, session kept", "play_chumicro.py", _CHUMICRO, ("kept",)),
    Peer("aiomqttc", "play_aiomqttc.py", ("aiomqttc",)),
    # Its package imports a cbor2 for MicroPython, which the index does not have: its client alone, then.
    Peer(
        "arduino-iot-cloud",
        "play_arduino.py",
        ("arduino-iot-cloud", "micropython-logging"),
        only=("arduino_iot_cloud/umqtt.py", "arduino_iot_cloud/ussl.py"),
        tls=True,
    ),
)


def module_path(peer: Peer, folder: Path) -> str:
    """The peer's MICROPYPATH, its packages fetched; `folder` is for what is made of several."""
    found = [_package(name) for name in peer.packages]
    if peer.only or "micropython-umqtt.robust" in peer.packages:
        # One package in two archives, or a part of one: side by side in a folder of their own.
        found = [_joined(peer, found, folder / f"{peer.name}.lib")]
    own = [ROOT / "firmware", sources.umqtt_path()] if peer is OURS else []
    return ":".join(map(str, [DEVICE, *own, *found, ".frozen"]))


def _joined(peer: Peer, packages: list[Path], folder: Path) -> Path:
    for position, package in enumerate(packages):
        for path in sorted(package.rglob("*.py")):
            inside = path.relative_to(package)
            if position or not peer.only or inside.as_posix() in peer.only:
                target = folder / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    return folder


def _package(name: str) -> Path:
    if name in sources.SOURCES:
        return sources.fetch_sources([name])[name]
    if name in ARCHIVES:
        return sources.fetch(name, ARCHIVES[name])
    return _wheel(name, WHEELS[name])


def _wheel(name: str, source: Source) -> Path:
    parent = paths.cache() / "sources"
    folder = parent / f"{name}-{source.version}"
    if not folder.is_dir():
        parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix=".new-") as work:
            unpacked = Path(work) / "unpacked"
            _unpack(sources.download(name, source, Path(work)), unpacked, name)
            unpacked.rename(folder)
    return folder


def _unpack(wheel: bytes, folder: Path, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        modules = [each for each in archive.infolist() if each.filename.endswith(".py")]
        outside = any(
            path.is_absolute() or ".." in path.parts
            for path in (PurePosixPath(each.filename) for each in modules)
        )
        if outside or sum(each.file_size for each in modules) > _UNPACKED_MAX_BYTES:
            raise MachineError("the wheel is not usable", where=name, do="do not use it")
        archive.extractall(folder, modules)
