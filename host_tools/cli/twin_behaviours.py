"""`devcred twin --list-behaviours`: every behaviour of the twin, and how sure it is."""

from dataclasses import asdict

import click

from host_tools.cli.render import line
from host_tools.twin.behaviours import FIXED
from host_tools.twin.readings import Behaviour, of_settings
from host_tools.twin.settings import Settings


def show(as_json: bool) -> None:
    """Prints those with a setting first; as JSON one object a line."""
    for behaviour in (*of_settings(Settings), *FIXED):
        if as_json:
            line(facts(behaviour))
        else:
            click.echo(_told(behaviour))


def facts(behaviour: Behaviour) -> dict[str, object]:
    """The behaviour for programs; `setting` is null where there is nothing to choose."""
    found = asdict(behaviour)
    if not behaviour.setting:
        found |= {"setting": None, "default": None}
    return found


def _told(behaviour: Behaviour) -> str:
    chosen = f"{behaviour.setting}={behaviour.default}" if behaviour.setting else ""
    others = f" [or {', '.join(map(str, behaviour.others))}]" if behaviour.others else ""
    head = f"{chosen}{others}: " if chosen else ""
    return f"{behaviour.tag:<10}  {head}{behaviour.text} ({behaviour.source})"
