"""How far the virtual board is from the board, as a page and as rows that tests hold it to.

`python -m tests.pico.fidelity path/to/RPI_PICO_W.uf2` asks the probes in all three worlds and writes the
answers to fidelity.json, and the page docs/fidelity.md from them; without an image, the page alone.
"""

import json
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

from host_tools import paths
from tests.pico import worlds
from tests.pico.rows import ALIKE, APART

KEPT = Path(__file__).parent / "fidelity.json"
PAGE = paths.FIRMWARE.parent / "docs" / "fidelity.md"
_PART = re.compile(r"(<!-- from the probes -->\n).*?(<!-- end -->)", re.DOTALL)
_WORLDS = ("unix", "virtual", "firmware")
_HEAD = ("row", "what is asked", "unix VM", "virtual board", "firmware")

Answers = dict[str, worlds.Answers]


def kept() -> Answers:
    """The answers last written, by world (`unix`, `virtual`, `firmware`) and row."""
    found: Answers = json.loads(KEPT.read_text("utf-8"))
    return found


def ask(uf2: Path) -> Answers:
    """All three worlds' answers; takes minutes."""
    with tempfile.TemporaryDirectory(prefix="devcred-") as name:
        folder = Path(name)
        return {
            "unix": worlds.on_unix(folder),
            "virtual": worlds.on_virtual_board(folder),
            "firmware": _on_emulated_picos(folder, uf2),
        }


def _on_emulated_picos(folder: Path, uf2: Path) -> worlds.Answers:
    folders = [folder / f"share-{n}" for n, _ in enumerate(worlds.SHARES)]
    for each in folders:
        each.mkdir()
    with ThreadPoolExecutor() as pool:
        shares = pool.map(worlds.on_emulated_pico, folders, repeat(uf2), worlds.SHARES)
        return {row: answer for share in shares for row, answer in share.items()}


def render(page: str, answers: Answers) -> str:
    """The page with its tables as the answers have them."""
    return _PART.sub(lambda part: f"{part[1]}\n{_tables(answers)}\n{part[2]}", page)


def _tables(answers: Answers) -> str:
    told = f"The firmware is {answers['firmware']['version']}, the unix VM {answers['unix']['version']}."
    alike = _table(
        (*_HEAD, "held by"),
        [(row, what, *_said(row, answers), _held("test_as_the_board", row)) for row, what in ALIKE.items()],
    )
    apart = _table(
        (*_HEAD, "why it stays so", "held by"),
        [
            (row, what, *_said(row, answers), why, _held("test_apart_for_a_reason", row))
            for row, (what, why) in APART.items()
        ],
    )
    heads = ("### The virtual board answers as the firmware", "### It does not, for a reason")
    return "\n\n".join((told, heads[0], alike, heads[1], apart))


def _said(row: str, answers: Answers) -> list[str]:
    return [f"`{answers[world][row]}`" for world in _WORLDS]


def _held(test: str, row: str) -> str:
    return f"`{test}[{row}]`"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    if len(sys.argv) > 1:
        KEPT.write_text(json.dumps(ask(Path(sys.argv[1])), indent=1, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(render(PAGE.read_text("utf-8"), kept()), "utf-8")


if __name__ == "__main__":
    main()
