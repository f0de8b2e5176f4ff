"""From a traceback of the small agent to the sources: what a bundle's map is for."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from host_tools import paths
from host_tools.errors import UsageError

_FRAME = re.compile(r'File "(?P<file>devcred-[0-9a-f]{8})", line (?P<line>\d+), in (?P<function>\S+)')
# [file, line, function]
Place = list[str | int]
_RAISED = re.compile(r"^(?P<name>[A-Za-z_]\w*)(?=: |$)")


@dataclass(frozen=True)
class LineMap:
    """What a bundle's names and lines were.

    `lines`: line of the bundle to the statement's places: its own is the last, and before it are the calls by
    which it got there, where a function went to the one place that called it. `functions`: short name
    to all those that bear it. `classes`: short name to name.
    """

    name: str
    lines: Mapping[str, list[Place]]
    functions: Mapping[str, list[Place]]
    classes: Mapping[str, str]

    def keep(self, folder: Path | None = None) -> Path:
        """Where later tracebacks will be looked up; by default among what this project keeps."""
        path = (folder or _folder()) / f"{self.name}.json"
        paths.keep(path, json.dumps(asdict(self)).encode() + b"\n")
        return path


def _folder() -> Path:
    return paths.cache() / "maps"


def load(file: Path) -> LineMap:
    """A map that was kept; UsageError if the file is none."""
    try:
        return LineMap(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        raise UsageError("is no map of a bundle", where=str(file), do="name one that a build kept") from None


def find(name: str, folder: Path | None = None) -> LineMap | None:
    """The map of the bundle of that name, if it was kept here."""
    file = (folder or _folder()) / f"{name}.json"
    return load(file) if file.is_file() else None


def decode(console: Iterable[str], maps: Iterable[LineMap]) -> Iterator[str]:
    """Console lines with each frame of a bundle told as a place in the sources; others as they are.

    `maps` are asked before those that were kept.
    """
    known = {each.name: each for each in maps}
    last: LineMap | None = None
    for line in console:
        frame = _FRAME.search(line)
        if frame and frame["file"] not in known and (kept := find(frame["file"])):
            known[frame["file"]] = kept
        if frame and frame["file"] in known:
            last = known[frame["file"]]
            for places in _places(last, frame["line"], frame["function"]):
                yield line[: frame.start()] + places + line[frame.end() :]
        elif last and not line.startswith("  "):
            raised = _RAISED.match(line)
            name = raised["name"] if raised else ""
            yield last.classes.get(name, name) + line[len(name) :]
            last = None
        else:
            yield line


def _places(found: LineMap, number: str, function: str) -> Iterator[str]:
    """The statement at that line and the calls that led there; in a build without line numbers the function.

    Of such a build all is line 1.
    """
    exact = found.lines.get(number)
    named = found.functions.get(function, [])
    if exact and (number != "1" or not named):
        yield from (_frame(place) for place in exact)
    else:
        yield " or ".join(_frame(place) for place in named or [[found.name, number, function]])


def _frame(place: Place) -> str:
    file, line, name = place
    return f'File "{file}", line {line}, in {name}'
