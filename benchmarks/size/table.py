"""Figures as text: all of them for a terminal, and the tables that stand in README and docs/size.md."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.size import code
from benchmarks.size.budgets import Figures
from host_tools.errors import UsageError

_ROOT = Path(__file__).resolve().parents[2]
README, MANUAL = _ROOT / "README.md", _ROOT / "docs" / "size.md"
_BEGIN, _END = "<!-- size -->\n", "<!-- /size -->\n"
# Column heads, by what stands below them; the README has the shorter table.
_COLUMNS = {
    README: {"import": "heap: imported", "connected": "connected", "least heap": "least to connect"},
    MANUAL: {
        "import": "heap: imported",
        "before TLS": "before TLS",
        "peak in TLS handshake": "peak in handshake",
        "connected": "connected",
        "steady": "steady",
        "least heap": "least to connect",
    },
}
_ROWS = {README: ("connect", "+ outbox", "whole"), MANUAL: tuple(code.SETS)}


def render(figures: Figures) -> str:
    """One line a figure, by group."""
    lines = []
    for group, values in figures.items():
        unit = "thousand instructions" if group.startswith("boot") else "bytes"
        lines += [f"{group}, {unit}", *(f"  {value:>9,}  {name}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def rows(figures: Figures, file: Path) -> Iterator[str]:
    """A document's table: bytes by set of features."""
    heads = ("carries", "code", *_COLUMNS[file].values())
    yield from (_row(heads), _row(("---",) * len(heads)))
    for name in _ROWS[file]:
        heap = figures[f"heap, {name}"]
        cells = (figures["set"][name], *(heap[each] for each in _COLUMNS[file]))
        yield _row((name, *(f"{each:,}" for each in cells)))


def write(figures: Figures) -> None:
    """Put the tables into the README and the manual, if all of it was measured."""
    if "set" not in figures or any(f"heap, {name}" not in figures for name in code.SETS):
        return
    for file in _COLUMNS:
        before, begin, rest = file.read_text("utf-8").partition(_BEGIN)
        _, end, after = rest.partition(_END)
        if not begin or not end:
            raise UsageError(f"lacks {_BEGIN.strip()} or its end", where=file.name, do="put them back")
        file.write_text(before + _BEGIN + "".join(rows(figures, file)) + _END + after, "utf-8")


def shown(file: Path) -> dict[str, int]:
    """Bytes of code by set, as they stand in a document's table."""
    table = file.read_text("utf-8").partition(_BEGIN)[2].partition(_END)[0]
    cells = [[each.strip() for each in line.split("|")] for line in table.splitlines()[2:]]
    return {name: int(value.replace(",", "")) for _, name, value, *_ in cells}


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |\n"
