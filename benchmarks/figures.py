"""What was measured: for each party its readings; the first party is ours."""

import statistics
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Matrix:
    """What became of each party in each row, in words; the first party is ours."""

    bench: str
    what: str
    parties: list[str]
    rows: dict[str, list[str]] = field(default_factory=dict)
    kept: bool | None = None
    """Whether ours is as it is to be in every row."""

    def facts(self) -> dict[str, Any]:
        """For --json."""
        rows = {name: dict(zip(self.parties, cells, strict=True)) for name, cells in self.rows.items()}
        return {"bench": self.bench, "what": self.what, "rows": rows, "kept": self.kept}


@dataclass
class Figure:
    """`less` says that less is better. `hold` is the ratio to the second party that is to be kept, if any."""

    bench: str
    what: str
    unit: str
    less: bool = False
    hold: float | None = None
    readings: dict[str, list[float]] = field(default_factory=dict)
    busy: dict[str, list[float]] = field(default_factory=dict)
    """For each reading of a rate, how much of its core the broker used."""

    def add(self, party: str, value: float) -> None:
        """Enter a reading."""
        self.readings.setdefault(party, []).append(value)

    def median(self, party: str) -> float:
        """The party's figure."""
        return statistics.median(self.readings[party])

    @property
    def ratios(self) -> dict[str, float]:
        """Ours divided by each other's."""
        ours, *others = self.readings
        return {other: self.median(ours) / self.median(other) for other in others if self.median(other)}

    @property
    def kept(self) -> bool | None:
        """Whether `hold` is kept; None where there is none."""
        if self.hold is None or not self.ratios:
            return None
        return next(iter(self.ratios.values())) <= self.hold

    def facts(self) -> dict[str, Any]:
        """For --json."""
        facts: dict[str, Any] = {"bench": self.bench, "what": self.what, "unit": self.unit}
        facts |= {"better": "less" if self.less else "more", "readings": self.readings}
        facts |= {"medians": {party: self.median(party) for party in self.readings}, "ratios": self.ratios}
        return facts if self.hold is None else facts | {"hold": self.hold, "kept": self.kept}
