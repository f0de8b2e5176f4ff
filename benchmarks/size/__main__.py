"""`python -m benchmarks.size`: measures what the agent costs, and holds it to the budgets of size.toml."""

import json
from pathlib import Path

import click

from benchmarks.size import boards, boot, budgets, code, heap, table
from benchmarks.skipping import SkippedError
from host_tools import paths
from host_tools.errors import ToolError

_PARTS = ("code", "heap", "boot")
_ENDS = ("connect", "whole")
"""The sets whose boot is counted: the smallest and the largest."""


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(_PARTS))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--write",
    is_flag=True,
    help="Lower the budgets to what was measured; renew the tables of README and docs.",
)
@click.option(
    "--firmware",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=paths.FIRMWARE,
    help="Measure the code of these sources instead; no heap, no boot.",
)
def main(parts: tuple[str, ...], as_json: bool, write: bool, firmware: Path) -> None:
    """Measure bytes of code, heap, and instructions of a boot. Exit code 1 if a budget is passed."""
    wanted = [part for part in _PARTS if part in parts or not parts]
    try:
        figures = _measured(wanted if firmware == paths.FIRMWARE else ["code"], firmware)
    except ToolError as error:
        click.echo(f"devcred: {error}", err=True)
        raise SystemExit(error.exit_code) from None
    over = budgets.passed(figures, budgets.load())
    click.echo(json.dumps(figures) if as_json else table.render(figures), nl=as_json)
    for each in over:
        click.echo(f"devcred: size: {each}; make it smaller, or raise it in {budgets.FILE.name}", err=True)
    if over:
        raise SystemExit(1)
    if write:
        budgets.lower(figures)
        table.write(figures)


def _measured(parts: list[str], firmware: Path) -> dict[str, dict[str, int]]:
    """Figures by group and name: bytes of modules and sets; then, by set, heap and boot."""
    figures: dict[str, dict[str, int]] = {}
    if "code" in parts:
        figures |= {"module": code.modules(firmware), "set": code.sets(firmware)}
    if set(parts) & {"heap", "boot"}:
        with boards.stage() as stage:
            for name, features in code.SETS.items():
                figures |= _run(parts, stage, name, features)
    return figures


def _run(
    parts: list[str], stage: boards.Stage, name: str, features: tuple[str, ...]
) -> dict[str, dict[str, int]]:
    figures = {}
    if "heap" in parts:
        click.echo(f"size: heap, {name}", err=True)
        figures[f"heap, {name}"] = heap.measure(stage, features)
    if "boot" in parts and name in _ENDS:
        click.echo(f"size: boot, {name}", err=True)
        try:
            figures[f"boot, {name}"] = boot.measure(stage, features)
        except SkippedError as why:
            click.echo(f"size: boot skipped: {why}", err=True)
    return figures


if __name__ == "__main__":
    main()
