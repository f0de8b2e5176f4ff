"""The same probes in three worlds: the bare unix VM, the virtual board, the emulated Pico W."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from host_tools.boards.definition import load_board
from host_tools.boards.image import build_image, write_image
from tests.mpy import vm
from tests.pico.board import PicoBoard
from tests.pico.peers import Peers
from tests.vboard.kit import running

BOARD = load_board("RPI_PICO_W")
DEVICE = Path(__file__).parent / "device"
_HERE_LATE_S, _EMULATED_LATE_S = 0.5, 30.0
_DEADLINE_S = 60.0
_PORT = 7000
_DONE = "probes done"

PARTS = ("local", "plain", "tls", "links")
# An emulator each, as two of them run at once.
SHARES = (("local", "plain"), ("tls",), ("links",))

Answers = dict[str, str]


def on_unix(folder: Path) -> Answers:
    """What the interpreter answers with no board around it."""
    with Peers(_HERE_LATE_S) as peers:
        where = {name: ("127.0.0.1", port) for name, port in peers.ports.items()}
        for name, content in _files("unix", peers, where).items():
            (folder / name.lstrip("/")).write_bytes(content)
        main, heap = folder / "main.py", f"{BOARD.heap_wk}wk"
        ended = vm.run(main, [], path=[folder], cwd=folder, deadline_s=_DEADLINE_S, heap=heap)
    return _answers(ended.stdout.splitlines())


def on_virtual_board(folder: Path) -> Answers:
    image = folder / "virtual.img"
    with Peers(_HERE_LATE_S) as peers:
        files = _files("rp2", peers, _named(peers))
        write_image(image, build_image(BOARD, files))
        routes = {f"{name}.example:{_PORT}": ("127.0.0.1", port) for name, port in peers.ports.items()}
        with running(image, BOARD, resolve=routes) as (_, screen):
            shown = screen.wait_for(rb"(.*)" + _DONE.encode(), _DEADLINE_S)[1]
    return _answers(shown.decode().splitlines())


def on_emulated_pico(folder: Path, uf2: Path, parts: Sequence[str] = PARTS) -> Answers:
    with Peers(_EMULATED_LATE_S) as peers:
        files = _files("rp2", peers, _named(peers), parts)
        routes = {f"{name}.example:{_PORT}": port for name, port in peers.ports.items()}
        with PicoBoard(uf2, BOARD, folder, files, routes) as board:
            board.wait_line(_DONE)
            return _answers(each.line for each in board.told)


def _named(peers: Peers) -> dict[str, tuple[str, int]]:
    return {name: (f"{name}.example", _PORT) for name in peers.ports}


def _files(
    port: str, peers: Peers, where: Mapping[str, tuple[str, int]], parts: Sequence[str] = PARTS
) -> dict[str, bytes]:
    world = {"port": port, "now_s": int(time.time()), "peers": where, "parts": parts}
    return {
        "/where.json": json.dumps(world).encode(),
        "/ca.der": peers.authority.der,
        "/ca.pem": peers.authority.certificate_pem.encode(),
        "/main.py": (DEVICE / "probes.py").read_bytes(),
    } | {f"/{file.name}": file.read_bytes() for file in DEVICE.glob("probe_*.py")}


def _answers(lines: Iterable[str]) -> Answers:
    found = {}
    for line in lines:
        head, _, rest = line.partition(" ")
        name, _, answer = rest.partition(" ")
        if head == "probe":
            found[name] = answer
    return found
