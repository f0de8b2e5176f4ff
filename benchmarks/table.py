"""Figures as text: one table for each set of parties."""

from collections.abc import Iterable, Sequence

from benchmarks.figures import Figure, Matrix

_IDLE_CORE = 0.9


def render(figures: Iterable[Figure | Matrix]) -> str:
    """Markdown, so that it can be pasted into a page: medians, lowest and highest, ratios to ours."""
    groups: dict[tuple[str, ...], list[Figure]] = {}
    blocks = []
    for figure in figures:
        if isinstance(figure, Matrix):
            blocks.append("\n".join(_matrix(figure)))
        else:
            groups.setdefault(tuple(figure.readings), []).append(figure)
    blocks += ["\n".join(_table(parties, group)) for parties, group in groups.items()]
    return "\n\n".join(blocks) + "\n"


def _matrix(matrix: Matrix) -> list[str]:
    head = [matrix.what, *matrix.parties]
    lines = [head, ["---"] * len(head), *([name, *cells] for name, cells in matrix.rows.items())]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _table(parties: Sequence[str], figures: Sequence[Figure]) -> list[str]:
    ours, *others = parties
    head = ["", *parties, *(f"{ours} ÷ {other}" for other in others), "hold"]
    rows = [_row(figure) for figure in figures]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _row(figure: Figure) -> list[str]:
    cells = [f"{figure.what}, {figure.unit}" + (" (less is better)" if figure.less else "")]
    cells += [_cell(figure, party) for party in figure.readings]
    cells += [f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}" for ratio in figure.ratios.values()]
    hold = "" if figure.hold is None else f"≤ {figure.hold:g}: {'kept' if figure.kept else 'NOT KEPT'}"
    return [*cells, hold]


def _cell(figure: Figure, party: str) -> str:
    readings = figure.readings[party]
    spread = f" ({_number(min(readings))}-{_number(max(readings))})" if len(readings) > 1 else ""
    busy = figure.busy.get(party)
    # A rate that the broker did not work to its limit for is the machine's, not the broker's.
    mark = "*" if busy and min(busy) < _IDLE_CORE else ""
    return f"{_number(figure.median(party))}{mark}{spread}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value < 100 else f"{value:.0f}"
