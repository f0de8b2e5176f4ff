"""How a simulation is shown: figures, table, plot, and how far it is."""

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host_tools.cli.render import line, show, talk
from host_tools.errors import UsageError

if TYPE_CHECKING:
    from host_tools.simulate.run import Run


def seed_or_drawn(seed: int | None) -> int:
    """The seed that was given, or a new one."""
    return secrets.randbelow(1_000_000) if seed is None else seed


def with_progress(work: Callable[[Callable[[str], None]], Any]) -> Any:
    """What `work` gives; on a terminal one line of stderr tells how far it is."""
    if not sys.stderr.isatty():
        return work(lambda text: None)
    try:
        return work(lambda text: click.echo(f"\r\x1b[K{text}", err=True, nl=False))
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)


def tell(run: "Run", svg: str | None, as_json: bool) -> None:
    show(run.facts, as_json)
    if not as_json:
        from host_tools.simulate import plot

        click.echo("\n" + "\n".join([*run.table, *([""] if run.table else []), *plot.text(run.timeline)]))
    _draw(run, svg)


def tell_both(real: "Run", model: "Run", rows: list[dict[str, Any]], svg: str | None, as_json: bool) -> None:
    if as_json:
        line({"real": real.facts, "model": model.facts, "comparison": rows})
        _draw(real, svg)
        return
    tell(real, svg, as_json)
    click.echo("\nfigure, real, model, tolerance")
    for row in rows:
        told = "agree" if row["agree"] else "DIFFER"
        click.echo(f"{row['figure']}: {row['real']}, {row['model']}, {row['tolerance']}: {told}")


def check_folder(svg: str | None) -> None:
    """Before a run of minutes, not after it."""
    if svg and not Path(svg).absolute().parent.is_dir():
        raise UsageError("there is no such folder", where=svg, do="make it, or name another")


def _draw(run: "Run", svg: str | None) -> None:
    if not svg:
        return
    from host_tools.simulate import plot

    facts = run.facts
    title = f"{facts['run']} run, seed {facts['seed']}: {run.timeline.devices:,} devices"
    try:
        Path(svg).write_text(plot.svg(run.timeline, title), "utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", where=svg, do="name another file") from None
    talk(f"drawn into {svg}")
