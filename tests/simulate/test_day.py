"""A day of a fleet in Token mode: what sharing, spreading and margin are worth; the model is the server."""

import functools
import os
import tracemalloc
from dataclasses import replace

import pytest

from host_tools.simulate.day import model, report, wire
from host_tools.simulate.day.plan import NO_SPREAD, Absence, Day
from host_tools.simulate.day.tally import HOUR_S, Tally, between
from host_tools.simulate.report import comparison

LIMIT_PER_S = 100
"""ApplyToken's, by the service's documentation."""
NEVER = Absence(0, 0)
SHARED = Day(devices=5000, seed=1, scopes=100)
OWN = Day(devices=5000, seed=2, scopes=0)


@functools.cache
def run(day: Day) -> Tally:
    """The model's day, made once for all who ask of it."""
    return model.run(day)


def first_deliveries(tally: Tally) -> int:
    return between(tally.deliveries(), 0, 2 * HOUR_S)


@pytest.mark.parametrize("day", [SHARED, OWN, replace(SHARED, clockless=20)])
def test_nobody_is_without_a_token_and_the_limit_holds(day: Day) -> None:
    told = run(day)
    assert first_deliveries(told) >= day.devices  # more where one forgot the time in a restart
    assert told.peak_calls() < LIMIT_PER_S
    assert (told.late_devices, told.late_s) == (0, 0)
    degraded, unanswered = (told.requests[name].total() for name in ("degraded", "unanswered"))
    assert min(degraded, unanswered) > 0, "the outages were not felt"


def test_ten_times_the_devices_cost_no_more_calls() -> None:
    few, many = (model.run(replace(SHARED, devices=devices)) for devices in (1000, 10_000))
    assert many.deliveries().total() > 9 * few.deliveries().total()
    assert many.calls.total() < 1.1 * few.calls.total()


def test_topics_of_ones_own_cost_a_call_for_each_token() -> None:
    told = model.run(replace(OWN, service_out=NEVER, server_out=NEVER))
    assert told.calls.total() == pytest.approx(2 * told.deliveries().total(), rel=0.01)


def test_more_than_the_service_can_give_is_not_asked_of_it() -> None:
    # 20,000 tokens within ten seconds: 90 of them go out in each.
    told = model.run(Day(devices=10_000, seed=3, scopes=0, boot_s=10, length_s=2 * HOUR_S))
    assert 80 <= told.peak_calls() < LIMIT_PER_S
    assert told.requests["refused"].total() > 0
    assert told.calls.total() == 20_000
    assert max(told.calls) / 1000 < 20_000 / 90 + 120


def test_spreading_makes_a_hill_of_a_spike() -> None:
    day = Day(devices=8000, seed=4, scopes=800, boot_s=60, service_out=NEVER, server_out=NEVER)
    even, spike = model.run(day), model.run(replace(day, sharing=NO_SPREAD))
    later = 2 * HOUR_S
    busiest = [
        max(count for at_s, count in told.deliveries().items() if at_s >= later) for told in (even, spike)
    ]
    assert busiest[0] * 10 < busiest[1]


def test_a_service_that_is_away_is_left_alone() -> None:
    told = run(SHARED)
    failed = told.failed_calls.total()
    # Pauses of 15 to 45 s, once they have grown.
    assert 0 < failed < HOUR_S / 15
    assert between(told.failed_calls, SHARED.service_out.start_s, SHARED.service_out.end_s, 0.001) == failed


def test_an_outage_beyond_the_margin_is_felt_and_told() -> None:
    told = model.run(replace(SHARED, server_out=Absence(14 * HOUR_S, 5 * HOUR_S)))
    assert told.late_devices > 100
    assert 0 < told.late_s / told.late_devices < 5 * HOUR_S


def test_a_restart_costs_no_delivery() -> None:
    # Nothing is due yet when all have had their power cut.
    told = model.run(replace(SHARED, power_cut_s=2 * HOUR_S, length_s=3 * HOUR_S))
    assert told.deliveries().total() == SHARED.devices


def test_a_device_without_a_clock_pays_for_its_restarts() -> None:
    day = replace(SHARED, power_cut_s=2 * HOUR_S, length_s=3 * HOUR_S, clockless=100)
    told = model.run(day)
    after = between(told.deliveries(), day.power_cut_s, day.power_cut_s + 1000)
    assert after > 0.9 * day.devices


def test_a_seed_tells_all() -> None:
    one, again, other = (model.run(replace(SHARED, seed=seed, devices=500)) for seed in (8, 8, 9))
    assert one == again
    assert one.deliveries() != other.deliveries()


def test_a_million_devices_fit_into_two_gigabytes() -> None:
    day = Day(devices=10_000, seed=11, length_s=5 * HOUR_S)
    tracemalloc.start()
    model.run(day)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes / day.devices < 2000


def test_the_hours_add_up() -> None:
    told = model.run(replace(SHARED, devices=500))
    rows = [line.replace(",", "").split() for line in report.hours(told)[1:]]
    assert [int(row[0]) for row in rows] == list(range(24))
    assert sum(int(row[1]) for row in rows) == told.deliveries().total()
    assert sum(int(row[5]) for row in rows) == told.calls.total()


MANY = pytest.mark.skipif("DEVCRED_SOAK" not in os.environ, reason="minutes; `make soak` runs it")


@pytest.mark.parametrize(
    "day",
    [
        Day(devices=60, seed=21, scopes=6),
        pytest.param(Day(devices=1000, seed=22, scopes=50), marks=MANY),
        pytest.param(Day(devices=300, seed=23, scopes=0), marks=MANY),
    ],
)
def test_the_model_is_the_server(day: Day) -> None:
    real, modelled = report.of_day("real", wire.run(day)), report.of_day("model", model.run(day))
    apart = [row for row in comparison(real, modelled, report.AGREE) if not row["agree"]]
    assert apart == []
    assert real["peak_apply_per_s"] < LIMIT_PER_S
    assert real["unanswered"] + real["degraded"] > 0
