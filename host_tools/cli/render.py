"""Results on stdout: JSON for programs, `key: value` lines for people."""

import json
from collections.abc import Mapping
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")


def show(facts: Mapping[str, Any], as_json: bool) -> None:
    """Prints one result; in both forms under the same names."""
    if as_json:
        line(facts)
        return
    for key, value in facts.items():
        click.echo(f"{key}: {_plain(value)}")


def line(facts: Mapping[str, Any]) -> None:
    """Prints one JSON object on one line, at once, for a reader that waits for it."""
    click.echo(json.dumps(facts))


def talk(text: str) -> None:
    """Prints a line to stderr."""
    click.echo(text, err=True)


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "-"
    return str(value)
