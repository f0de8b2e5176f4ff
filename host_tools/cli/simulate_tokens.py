"""`devcred simulate tokens`: a fleet in Token mode through a day."""

from typing import TYPE_CHECKING, Any

import click

from host_tools.cli.render import json_option
from host_tools.cli.simulated import check_folder, seed_or_drawn, tell, tell_both, with_progress
from host_tools.errors import UsageError
from host_tools.tokens.policy import MAX_LIFE_S, MIN_LIFE_S

if TYPE_CHECKING:
    from host_tools.simulate.day.plan import Day

_HOURS = (click.FloatRange(0, 24), click.FloatRange(0, 24))


@click.command()
@click.option("--devices", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--model", "modelled", is_flag=True, help="In simulated time, for fleets of a million.")
@click.option("--compare", is_flag=True, help="On the wire and in the model; exit code 1 if they differ.")
@click.option(
    "--scopes",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="So many groups of devices that share tokens; 0: each device has topics of its own.",
)
@click.option("--life-s", type=click.IntRange(MIN_LIFE_S, MAX_LIFE_S), default=28_800, show_default=True)
@click.option(
    "--boot-s", type=click.IntRange(1, 21_600), default=3600, show_default=True, help="All are new within."
)
@click.option(
    "--clockless", type=click.IntRange(0, 100), default=0, help="Percent that are never told the time."
)
@click.option("--service-out", type=_HOURS, default=(8, 1), show_default=True, help="From; for hours.")
@click.option("--server-out", type=_HOURS, default=(14, 1), show_default=True, help="From; for hours.")
@click.option("--call-ms", type=click.IntRange(1), default=50, help="What ApplyToken takes in the model.")
@click.option("--no-spread", is_flag=True, help="In the model, without the policy's spreading.")
@click.option("--seed", type=click.IntRange(0), help="Of all randomness; drawn and told if not given.")
@click.option("--svg", type=click.Path(dir_okay=False), help="Draw the calls into this file too.")
@json_option
def tokens(modelled: bool, compare: bool, svg: str | None, as_json: bool, **given: Any) -> None:
    """Send a fleet in Token mode through a day, and count the calls of ApplyToken.

    All devices are new within the first hour, have their power cut at 6, and restart once more;
    the service is away for a while, and the token server. Each delivery is made by the real
    server, against a twin, with the time between skipped; with --model in simulated time.

    \b
    Examples:
      devcred simulate tokens --model --devices 1000000 --svg day.svg
      devcred simulate tokens --compare --devices 1000 --scopes 50
    """
    from host_tools.simulate.day import run
    from host_tools.simulate.run import check_agreement

    if modelled and compare:
        raise UsageError("--model and --compare", where="simulate tokens", do="give one of them")
    if given["no_spread"] and not modelled:
        raise UsageError("--no-spread", where="simulate tokens", do="give --model too")
    check_folder(svg)
    day = _day(**given)
    if compare:
        real, model, rows = with_progress(lambda progress: run.both(day, progress))
        tell_both(real, model, rows, svg, as_json)
        check_agreement(rows)
        return
    way = run.modelled if modelled else run.real
    tell(with_progress(lambda progress: way(day, progress)), svg, as_json)


def _day(
    *,
    seed: int | None,
    service_out: tuple[float, float],
    server_out: tuple[float, float],
    no_spread: bool,
    **given: Any,
) -> "Day":
    from host_tools.simulate.day.plan import NO_SPREAD, Absence, Day
    from host_tools.tokens.policy import Sharing

    return Day(
        seed=seed_or_drawn(seed),
        service_out=Absence(service_out[0] * 3600, service_out[1] * 3600),
        server_out=Absence(server_out[0] * 3600, server_out[1] * 3600),
        sharing=NO_SPREAD if no_spread else Sharing(),
        **given,
    )
