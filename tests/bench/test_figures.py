"""Figures, their ratios, and the table that a person reads."""

from benchmarks.figures import Figure
from benchmarks.table import render


def figure(**changed: object) -> Figure:
    made = Figure(**{"bench": "b", "what": "acks", "unit": "/s", **changed})  # type: ignore[arg-type]
    for value in (3000.0, 1000.0, 2000.0):
        made.add("twin", value)
    made.add("other", 500.0)
    return made


def test_medians_and_ratios() -> None:
    made = figure()
    assert (made.median("twin"), made.ratios, made.kept) == (2000.0, {"other": 4.0}, None)
    assert made.facts()["medians"] == {"twin": 2000.0, "other": 500.0}


def test_a_figure_to_hold() -> None:
    assert figure(hold=4.0).kept is True
    broken = figure(hold=3.9)
    assert broken.kept is False and broken.facts()["kept"] is False
    alone = Figure("b", "acks", "/s", hold=1.0)
    alone.add("twin", 1.0)
    assert alone.kept is None


def test_the_table_has_a_block_for_each_set_of_parties() -> None:
    alone = Figure("b", "memory", "MiB", less=True)
    alone.add("twin", 31.74)
    held = figure(what="boot", hold=3.0)
    text = render([figure(), alone, held])
    assert text == (
        "|  | twin | other | twin ÷ other | hold |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| acks, /s | 2,000 (1,000-3,000) | 500 | 4.00 |  |\n"
        "| boot, /s | 2,000 (1,000-3,000) | 500 | 4.00 | ≤ 3: NOT KEPT |\n"
        "\n"
        "|  | twin |\n"
        "| --- | --- |\n"
        "| memory, MiB (less is better) | 31.7 |\n"
    )


def test_a_broker_that_was_not_at_its_limit_is_marked() -> None:
    made = figure()
    made.busy = {"twin": [0.99, 0.5, 0.99]}
    assert "| 2,000* (1,000-3,000) |" in render([made])
