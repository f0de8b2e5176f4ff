"""Puts files on a board: writes what differs, reads back what was written, compares.

Code first, then the configuration and the CA certificate, the secret records last: a board
that loses power half-way has no credential rather than a credential and half an agent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePosixPath

from host_tools.boards.bundle import SECRET_PATHS
from host_tools.boards.definition import Board
from host_tools.boards.transport import BoardLink
from host_tools.errors import BoardError

# A name that would be taken in place of the file beside it: MicroPython imports a .py before
# the .mpy, and a record in slot .b may be newer than the first one in .a.
_RIVALS = {".mpy": ".py", ".a": ".b"}


@dataclass
class ProvisionReport:
    """Device paths: written, found there already, read back and equal, removed as rivals."""

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def provision(
    link: BoardLink,
    files: Mapping[str, bytes],
    on_step: Callable[[str, str], None] = lambda what, path: None,
    *,
    board: Board | None = None,
) -> ProvisionReport:
    """Make `files` (device path to content) be what lies on the board behind `link`.

    `on_step` hears (what, path), what being `write`, `keep` or `remove`. With `board`, another
    chip than its one is refused before anything is written. BoardError names the file that
    could not be written or reads back differently.
    """
    if board:
        _guard(link, board)
    report = ProvisionReport()
    for path in sorted(files, key=_order):
        _put(link, path, files[path], report, on_step)
        _remove_rival(link, path, report, on_step)
    return report


def _guard(link: BoardLink, board: Board) -> None:
    machine = link.probe()["machine"]
    if not board.is_machine(machine):
        raise BoardError(
            f"this is a {machine}, not a {board.name}",
            where=link.port,
            do=f"connect a {board.id}, or name the board that is connected",
        )


def _order(path: str) -> tuple[int, str]:
    if path in SECRET_PATHS:
        return 2, path
    return (0 if path.endswith((".py", ".mpy")) else 1), path


def _put(
    link: BoardLink,
    path: str,
    content: bytes,
    report: ProvisionReport,
    on_step: Callable[[str, str], None],
) -> None:
    wanted = sha256(content).hexdigest()
    if link.sha256(path) == wanted:
        on_step("keep", path)
        report.unchanged.append(path)
    else:
        on_step("write", path)
        link.makedirs(str(PurePosixPath(path).parent))
        link.write_file(path, content)
        report.written.append(path)
        if link.sha256(path) != wanted:
            raise BoardError(
                "reads back differently from what was written",
                where=path,
                do="try again; then try another board",
            )
    report.verified.append(path)


def _remove_rival(
    link: BoardLink, path: str, report: ProvisionReport, on_step: Callable[[str, str], None]
) -> None:
    suffix = PurePosixPath(path).suffix
    rival = path.removesuffix(suffix) + _RIVALS.get(suffix, suffix)
    if rival != path and link.exists(rival):
        on_step("remove", rival)
        link.remove(rival)
        report.removed.append(rival)
