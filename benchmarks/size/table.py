"""Figures as text: all of them for a terminal, and the table that stands in the README."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.size import code
from benchmarks.size.budgets import Figures
from host_tools.errors import UsageError

README = Path(__file__).resolve().parents[2] / "README.md"
_BEGIN, _END = "<!-- size -->\n", "<!-- /size -->\n"
_HEAD = ("carries", "code", "heap: imported", "connected", "least to connect")
_HEAP = ("import", "connected", "least heap")


def render(figures: Figures) -> str:
    """One line a figure, by group."""
    lines = []
    for group, values in figures.items():
        unit = "thousand instructions" if group.startswith("boot") else "bytes"
        lines += [f"{group}, {unit}", *(f"  {value:>9,}  {name}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def readme_rows(figures: Figures) -> Iterator[str]:
    """The README's table: bytes by set of features."""
    yield from (_row(_HEAD), _row(("---",) * len(_HEAD)))
    for name in code.SETS:
        heap = figures[f"heap, {name}"]
        cells = (figures["set"][name], *(heap[each] for each in _HEAP))
        yield _row((name, *(f"{each:,}" for each in cells)))


def write(figures: Figures) -> None:
    """Put the table into the README, if all of it was measured."""
    if "set" not in figures or any(f"heap, {name}" not in figures for name in code.SETS):
        return
    before, begin, rest = README.read_text("utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise UsageError(f"lacks {_BEGIN.strip()} or its end", where="README.md", do="put them back")
    README.write_text(before + _BEGIN + "".join(readme_rows(figures)) + _END + after, "utf-8")


def in_readme() -> str:
    """The table as it stands there."""
    return README.read_text("utf-8").partition(_BEGIN)[2].partition(_END)[0]


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |\n"
