"""`python -m benchmarks [NAME ...]`: measures, and prints a table or JSON; stderr says what goes on."""

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from benchmarks import agent, idle, loading, machine, rates, signature, startup, tokens, wear
from benchmarks.figures import Figure, Matrix
from benchmarks.peers.brokers import BROKERS, Broker
from benchmarks.plan import Plan
from benchmarks.running import require_two_cores
from benchmarks.skipping import SkippedError
from benchmarks.survival import survey
from benchmarks.table import render
from host_tools.errors import ToolError

BENCHES: dict[str, Callable[[Plan], Sequence[Figure | Matrix]]] = {
    "logins": lambda plan: rates.measure(plan, "logins", rates.LOGINS),
    "acks": lambda plan: rates.measure(plan, "acks", rates.ACKS),
    "deliver": lambda plan: rates.measure(plan, "deliver", rates.DELIVERED),
    "idle": idle.measure,
    "startup": startup.measure,
    "signature": signature.measure,
    "wear": wear.measure,
    "agent": agent.measure,
    "tokens": tokens.measure,
    "survival": survey.measure,
}
_OWN = frozenset({"signature", "wear", "agent", "tokens", "survival"})
"""Those that need no broker."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted(BENCHES)))
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1, 20), help="Runs of each rate.")
@click.option(
    "--seconds", default=4.0, show_default=True, type=click.FloatRange(0.2, 60), help="Of each run."
)
@click.option(
    "--warm-up", default=1.0, show_default=True, type=click.FloatRange(0, 10), help="Seconds before."
)
@click.option("--only", "brokers", multiple=True, type=click.Choice([each.name for each in BROKERS]))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
def main(
    names: tuple[str, ...], runs: int, seconds: float, warm_up: float, brokers: tuple[str, ...], as_json: bool
) -> None:
    """Measure the twin beside other brokers, and the agent beside what it replaces."""
    chosen = [name for name in BENCHES if name in names or not names]
    try:
        with tempfile.TemporaryDirectory(prefix="devcred-bench-") as folder:
            plan = Plan(Path(folder), _present(brokers), runs, seconds, warm_up, _say)
            if set(chosen) - _OWN:
                require_two_cores()
                loading.compiled()
            measured = [_measured(name, plan) for name in chosen]
    except ToolError as error:
        raise SystemExit(_told(error)) from None
    _print([figure for part in measured for figure in part or ()], as_json)
    if None in measured or any(figure.kept is False for part in measured for figure in part or ()):
        raise SystemExit(1)


def _measured(name: str, plan: Plan) -> Sequence[Figure | Matrix] | None:
    """The figures; none for what cannot be measured here, None where it failed. The others go on."""
    try:
        return BENCHES[name](plan)
    except SkippedError as why:
        _say(f"{name}: skipped: {why}")
        return []
    except ToolError as error:
        _told(error)
        return None


def _present(chosen: tuple[str, ...]) -> list[Broker]:
    present = []
    for broker in BROKERS:
        if chosen and broker.name not in chosen:
            continue
        why = broker.absent()
        if why:
            _say(f"skipped: {why}")
        else:
            present.append(broker)
    return present


def _print(figures: list[Figure | Matrix], as_json: bool) -> None:
    about = machine.describe()
    if as_json:
        click.echo(json.dumps({"machine": about}))
        for figure in figures:
            click.echo(json.dumps(figure.facts()))
        return
    click.echo(", ".join(f"{name}: {value}" for name, value in about.items()) + "\n")
    click.echo(render(figures), nl=False)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _told(error: ToolError) -> int:
    _say(f"devcred: {error}")
    return error.exit_code


if __name__ == "__main__":
    main()
