"""Two devices with one client ID do not storm: in the model, and on the wire."""

import pytest

from devcred import causes
from host_tools.simulate import duel, report, rivals
from host_tools.simulate.plan import Plan, Policy
from host_tools.simulate.service import Service

FAST = Policy(base_ms=100, spread_ms=400, slow_ms=2000, stable_ms=10_000)


@pytest.mark.parametrize("seed", range(5))
def test_in_the_model_it_dies_down(seed: int) -> None:
    plan = Plan(devices=2, seed=seed, within_ms=24 * 3_600_000)
    told = report.of_war("model", plan, rivals.war(plan))
    assert told["first_kicked_s"] < 300
    assert told["connects_first_minute"] <= 8
    # A slow wait is 300 s on average; then two connects, as the one comes and the other comes back.
    assert told["connects_per_minute_later"] < 0.5


def test_in_the_model_both_ways_of_a_kick_are_there() -> None:
    war = rivals.war(Plan(devices=2, seed=1, within_ms=3_600_000))
    assert war.rivals[1].connects[0] == 0
    assert war.rivals[0].losses[0][:2] == (0, causes.CLOSED)
    assert len(war.rivals[0].connects) + len(war.rivals[1].connects) == war.timeline.accepted.total()


def test_on_the_wire_it_ends_in_slow_retries() -> None:
    plan = Plan(devices=2, seed=1, policy=FAST, within_ms=4000, stood_ms=3_600_000)
    with Service() as service:
        war = duel.war(service, plan)
    waits = [(cause, wait_ms) for rival in war.rivals for _, cause, wait_ms in rival.losses]
    kicked = [wait_ms for cause, wait_ms in waits if cause == causes.KICKED]
    assert kicked and min(kicked) >= FAST.slow_ms // 2
    assert {cause for cause, _ in waits} == {causes.CLOSED, causes.KICKED}
    assert war.timeline.refused.total() == 0
    # The model draws the same numbers; only the network's time is between them.
    modelled = rivals.war(plan).timeline.accepted.total()
    assert abs(war.timeline.accepted.total() - modelled) <= 2
