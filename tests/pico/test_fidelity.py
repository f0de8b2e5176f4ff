"""The firmware answers the probes as docs/fidelity.md says; what another version says otherwise is told."""

from pathlib import Path

import pytest

from tests.pico import fidelity, figures, rows, worlds

KEPT = fidelity.kept()["firmware"]


@pytest.mark.parametrize("parts", worlds.SHARES, ids=" ".join)
def test_as_the_page_says(
    uf2: Path, tmp_path: Path, parts: tuple[str, ...], record_property: figures.Record
) -> None:
    answers = worlds.on_emulated_pico(tmp_path, uf2, parts)
    assert {"version"} < set(answers) <= set(KEPT)
    news = {row: answer for row, answer in answers.items() if not rows.agree(row, answer, KEPT[row])}
    for row, answer in news.items():
        figures.record(record_property, uf2, f"answers to {row}", f"{answer} (the page: {KEPT[row]})")
    assert not news or answers["version"] != KEPT["version"]
