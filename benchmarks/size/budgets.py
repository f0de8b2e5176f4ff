"""The budgets: a file of figures that are not to be passed, and that only ever go down."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "size.toml"
_ROOM_PERCENT = 103
Figures = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Over:
    """One figure above its budget."""

    group: str
    name: str
    value: int
    budget: int

    def __str__(self) -> str:
        return (
            f"{self.group}, {self.name}: {self.value:,}, {self.value - self.budget:,} above the budget of "
            f"{self.budget:,}"
        )


def load(file: Path = FILE) -> dict[str, dict[str, int]]:
    """Budget by group and name."""
    return tomllib.loads(file.read_text("utf-8"))


def passed(figures: Figures, budgets: Figures) -> list[Over]:
    """What is above its budget. A module without one is new, and has the whole sets' budgets to keep."""
    return [
        Over(group, name, value, budget)
        for group, values in figures.items()
        for name, value in values.items()
        if (budget := budgets.get(group, {}).get(name)) is not None and value > budget
    ]


def raised(new: Figures, old: Figures) -> list[Over]:
    """Budgets in `new` that are higher than they were in `old`."""
    return passed(new, old)


def lower(figures: Figures, file: Path = FILE) -> None:
    """Bring each budget down to what was measured; none goes up, and what has none gets one."""
    known = load(file)
    lines = [file.read_text("utf-8").partition("\n[")[0].rstrip()]
    for group in {**known, **figures}:
        values = {name: _with_room(group, value) for name, value in figures.get(group, {}).items()}
        lines += ["", f"[{_key(group)}]"]
        for name in {**known.get(group, {}), **values}:
            found = [each[name] for each in (known.get(group, {}), values) if name in each]
            lines.append(f"{_key(name)} = {min(found):_}")
    file.write_text("\n".join(lines) + "\n", "utf-8")


def _with_room(group: str, measured: int) -> int:
    """Code is exact. What runs has a little room: TLS draws random numbers, and memory is found in blocks."""
    if group in ("module", "set"):
        return measured
    return -(-measured * _ROOM_PERCENT // 100)


def _key(text: str) -> str:
    return f'"{text}"'
