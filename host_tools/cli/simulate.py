"""`devcred simulate`: what a fleet does to a service."""

from collections.abc import Callable
from typing import Any

import click

from host_tools.cli.render import json_option
from host_tools.cli.simulate_tokens import tokens
from host_tools.cli.simulated import check_folder, seed_or_drawn, tell, tell_both, with_progress
from host_tools.errors import UsageError
from host_tools.simulate.plan import Plan, Policy

_POLICY = Policy()
_OPTIONS = (
    click.option("--seed", type=click.IntRange(0), help="Of all randomness; drawn and told if not given."),
    click.option("--base-ms", type=click.IntRange(1), default=_POLICY.base_ms, show_default=True),
    click.option("--cap-ms", type=click.IntRange(1), default=_POLICY.cap_ms, show_default=True),
    click.option(
        "--spread-ms",
        type=click.IntRange(0),
        default=_POLICY.spread_ms,
        show_default=True,
        help="The first delay after the server closed a link that had stood; 0: like any other.",
    ),
    click.option("--svg", type=click.Path(dir_okay=False), help="Draw it into this file too."),
    json_option,
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group()
def simulate() -> None:
    """Run the shipped policies of agent and token server for a whole fleet."""


simulate.add_command(tokens)


@simulate.command()
@click.option("--devices", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--model", "modelled", is_flag=True, help="In simulated time, for fleets of a million.")
@click.option("--compare", is_flag=True, help="On the wire and in the model; exit code 1 if they differ.")
@click.option("--limit", type=click.IntRange(0), default=0, help="Connects a second that are taken; 0: all.")
@click.option("--outage-s", type=click.FloatRange(0), default=0.0, help="How long the server stays away.")
@click.option("--connect-ms", type=click.IntRange(0), default=0, help="What a connect takes in the model.")
@click.option("--within-s", type=click.FloatRange(1), default=900.0, show_default=True, help="Ends the run.")
@_options
def storm(
    devices: int,
    modelled: bool,
    compare: bool,
    limit: int,
    outage_s: float,
    connect_ms: int,
    within_s: float,
    svg: str | None,
    as_json: bool,
    **policy: Any,
) -> None:
    """Restart the server under a fleet, and watch the fleet come back.

    Real logins of real connections to a twin on this computer, which is ended and started again; with
    --model the same policy in simulated time. The links are taken to have stood for an hour.

    \b
    Examples:
      devcred simulate storm --devices 1000 --limit 100 --svg storm.svg
      devcred simulate storm --model --devices 1000000 --limit 5000 --outage-s 30
      devcred simulate storm --compare --limit 100
    """
    from host_tools.simulate import run

    if modelled and compare:
        raise UsageError("--model and --compare", where="simulate storm", do="give one of them")
    check_folder(svg)
    plan = Plan(
        devices=devices,
        limit_per_s=limit,
        outage_ms=round(outage_s * 1000),
        connect_ms=connect_ms,
        within_ms=round(within_s * 1000),
        **_seeded(**policy),
    )
    if compare:
        real, model, rows = with_progress(lambda progress: run.both_storms(plan, progress))
        tell_both(real, model, rows, svg, as_json)
        run.check_agreement(rows)
        return
    way = run.modelled_storm if modelled else run.real_storm
    tell(with_progress(lambda progress: way(plan, progress)), svg, as_json)


@simulate.command(name="kick-war")
@click.option("--model", "modelled", is_flag=True, help="In simulated time.")
@click.option("--for-s", type=click.FloatRange(1), help="How long: 90 s on the wire, an hour in the model.")
@click.option("--slow-ms", type=click.IntRange(1), default=_POLICY.slow_ms, show_default=True)
@_options
def kick_war(modelled: bool, for_s: float | None, svg: str | None, as_json: bool, **policy: Any) -> None:
    """Let two devices with one client ID kick each other out, and watch it end.

    The first has been connected for an hour when the second comes. Each login closes the other's link.

    \b
    Examples:
      devcred simulate kick-war
      devcred simulate kick-war --model --for-s 86400
    """
    from host_tools.simulate import run

    check_folder(svg)
    within_s = for_s or (3600 if modelled else 90)
    plan = Plan(devices=2, within_ms=round(within_s * 1000), **_seeded(**policy))
    if modelled:
        tell(run.modelled_war(plan), svg, as_json)
    else:
        tell(with_progress(lambda progress: run.real_war(plan, progress)), svg, as_json)


def _seeded(*, seed: int | None, **policy: int) -> dict[str, Any]:
    return {"seed": seed_or_drawn(seed), "policy": Policy(**policy)}
