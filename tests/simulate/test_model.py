"""The storm in simulated time: what the policy is worth, and what the model costs."""

import tracemalloc
from dataclasses import replace

import pytest

from host_tools.simulate import model, report
from host_tools.simulate.plan import Plan, Policy
from host_tools.simulate.timeline import Timeline, peak

HERD = Policy(spread_ms=0)
"""The policy without its first, wider window."""


def figures(plan: Plan) -> dict[str, float]:
    return report.of_storm("model", plan, model.storm(plan))


def test_a_restart_brings_no_herd() -> None:
    herd = figures(Plan(devices=1000, seed=1, policy=HERD))
    spread = figures(Plan(devices=1000, seed=1))
    assert herd["peak_connects_per_s"] >= 990  # all within the base delay of a second
    assert spread["peak_connects_per_s"] <= 110
    assert spread["back_100_s"] <= 16.0


def test_an_overfull_service_is_asked_less_and_serves_as_soon() -> None:
    herd = figures(Plan(devices=20_000, seed=2, policy=HERD, limit_per_s=100))
    spread = figures(Plan(devices=20_000, seed=2, limit_per_s=100))
    assert spread["peak_connects_per_s"] * 10 < herd["peak_connects_per_s"]
    assert spread["connects"] < 0.65 * herd["connects"]
    assert spread["back_99_s"] < 1.05 * herd["back_99_s"]


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_all_come_back_and_the_limit_holds(seed: int) -> None:
    plan = Plan(devices=2000, seed=seed, limit_per_s=100, outage_ms=5000)
    told = model.storm(plan)
    assert told.back_devices == told.accepted.total() == 2000
    assert min(told.accepted) >= 5000
    assert peak(told.accepted) <= 100 * 1.1  # a tenth of a second's worth may come at once
    assert told.refused.total() > 0


def test_the_cap_bounds_the_last_one() -> None:
    told = model.storm(Plan(devices=1000, seed=6, outage_ms=600_000))
    assert told.time_back_ms(100) is not None
    assert told.end_ms <= 600_000 + 120_000


def test_what_a_connect_takes_comes_on_top() -> None:
    plan = Plan(devices=100, seed=13)
    at_once, later = model.storm(plan), model.storm(replace(plan, connect_ms=700))
    assert later.accepted == at_once.accepted
    assert later.time_back_ms(50) == (at_once.time_back_ms(50) or 0) + 700


def test_within_ends_a_run_that_would_not() -> None:
    plan = Plan(devices=50, seed=7, outage_ms=10_000_000, within_ms=60_000)
    told = model.storm(plan)
    assert (told.back_devices, told.time_back_ms(50)) == (0, None)
    assert told.end_ms <= 60_000


def test_a_seed_tells_all() -> None:
    def run(seed: int) -> Timeline:
        return model.storm(Plan(devices=300, seed=seed, limit_per_s=20))

    assert run(8) == run(8)
    assert run(8) != run(9)


def test_delays_are_even_over_the_window() -> None:
    told = model.storm(Plan(devices=100_000, seed=10))
    seconds = [accepted for accepted, _ in told.bins(1000)][:16]
    assert len(seconds) == 16
    assert all(abs(count - 6250) < 400 for count in seconds), seconds  # five standard deviations


def test_a_million_devices_fit_into_a_gigabyte() -> None:
    plan = Plan(devices=10_000, seed=11, limit_per_s=100, within_ms=30_000)
    tracemalloc.start()
    model.storm(plan)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes / plan.devices < 1000


def test_progress_is_told_and_rises() -> None:
    told: list[tuple[int, int]] = []
    model.storm(Plan(devices=100, seed=12), lambda at_ms, back: told.append((at_ms, back)))
    assert len(told) >= 10
    assert told == sorted(told)
