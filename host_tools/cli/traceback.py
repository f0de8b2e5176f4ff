"""`devcred traceback`: a device's traceback as places in the sources."""

from pathlib import Path
from typing import TextIO

import click

from host_tools.boards.agent_sources import sources
from host_tools.boards.shrink import linemap, texts


@click.command()
@click.argument("console", type=click.File("r", errors="replace"), default="-")
@click.option("--map", "maps", multiple=True, type=click.Path(), help="A build's map, if not kept here.")
def traceback(console: TextIO, maps: tuple[str, ...]) -> None:
    """Read what a device printed, and print it with its tracebacks told as files, lines and functions.

    \b
    The agent on a board is one file with short names. The build that made it keeps a map, by the
    name that its tracebacks show. Numbers such as #3f0a, which a build without texts prints, are
    told as the texts they stand for. CONSOLE is a file; without it, stdin is read.

    \b
    Example:
      devcred traceback console.log
    """
    given = [linemap.load(Path(path)) for path in maps]
    known = texts.tokens(sources().values())
    for line in linemap.decode(console, given):
        click.echo(texts.read(line, known), nl=False)
