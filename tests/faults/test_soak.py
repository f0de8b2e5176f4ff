"""The soak's report adds up, and Ctrl-C ends the soak with it and leaves nothing."""

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.processes import Watched
from tests.faults.report import Report
from tests.faults.tally import Arrivals, Heap, Spread


def arrivals(*numbers: int) -> Arrivals:
    made = Arrivals()
    for number in numbers:
        made.add(number)
    return made


@pytest.mark.parametrize(
    ("numbers", "lost", "doubled", "out_of_order"),
    [
        ((), 4, 0, 0),
        ((0, 1, 2, 3), 0, 0, 0),
        ((0, 0, 1, 1, 1, 2, 3), 0, 3, 0),
        ((0, 2, 1, 3), 0, 0, 1),
        ((3, 2, 1, 0), 0, 0, 3),
        ((0, 3), 2, 0, 0),
        ((0, 1), 2, 0, 0),
        ((1, 0, 1, 0), 2, 2, 1),
    ],
)
def test_lost_doubled_out_of_order(
    numbers: tuple[int, ...], lost: int, doubled: int, out_of_order: int
) -> None:
    made = arrivals(*numbers)
    assert (made.lost(sent=4), made.doubled, made.out_of_order) == (lost, doubled, out_of_order)
    assert made.count == 4 - lost


def test_without_knowing_how_many_were_sent_only_gaps_are_lost() -> None:
    assert arrivals(0, 1, 4).lost() == 2


def test_recoveries_are_told_to_within_five_per_cent() -> None:
    spread = Spread()
    for hundredths in range(1, 1001):
        spread.add(hundredths / 100)
    for share in (0.5, 0.9, 0.99):
        assert 10 * share <= spread.quantile_s(share) <= 10 * share * 1.05
    assert (len(spread), spread.longest_s, spread.quantile_s(1)) == (1000, 10.0, 10.0)
    ranges = spread.ranges()
    assert sum(ranges.values()) == 1000
    assert ranges["<= 2 s"] == pytest.approx(100, abs=5)
    assert not ranges["longer"]


def test_no_recoveries_at_all() -> None:
    assert Spread().quantile_s(0.5) == 0


def test_drift_is_what_is_free_early_less_what_is_free_late() -> None:
    leaking, steady, spiky = Heap(), Heap(), Heap()
    for turn in range(1000):
        leaking.add(90_000 - 8 * turn)
        steady.add(90_000)
        spiky.add(80_000 if turn == 500 else 90_000)
    assert leaking.drift_bytes == pytest.approx(8 * 980, abs=16)
    assert (steady.drift_bytes, spiky.drift_bytes, spiky.lowest_bytes) == (0, 0, 80_000)


@pytest.mark.parametrize("samples", [0, 1, 2, 3, 39])
def test_few_samples_are_compared_in_halves(samples: int) -> None:
    heap = Heap()
    for turn in range(samples):
        heap.add(1000 - turn)
    assert heap.drift_bytes == (samples + 1) // 2 if samples > 1 else heap.drift_bytes == 0


@pytest.mark.parametrize("spoilt_by", ["lost", "out_of_order", "resets", "stranded", "drift"])
def test_what_makes_a_soak_fail(spoilt_by: str) -> None:
    report = Report(seed=1)
    report.arrived(arrivals(0, 1, 1, 2), sent=3)
    assert report.is_clean
    if spoilt_by == "stranded":
        report.strand("seed 1")
    elif spoilt_by == "drift":
        report.heaps["ESP32_GENERIC"] = heap = Heap()
        heap.add(90_000)
        heap.add(80_000)
    else:
        setattr(report, spoilt_by, 1)
    assert not report.is_clean


def test_a_report_of_a_million_plays_is_as_long_as_that_of_a_few() -> None:
    report = Report(seed=1)
    for number in range(1000):
        report.strand(f"seed {number}")
        report.recoveries.add(number / 10)
    assert sum(map(len, report.lines())) < 2000
    assert "1000" in report.lines()[-1]


def test_ctrl_c_ends_it_with_the_report_so_far(tmp_path: Path) -> None:
    watched = Watched(
        tmp_path,
        *("--json", "--minutes", "60", "--at-once", "2", "--seed", "1"),
        program=[sys.executable, "-m", "tests.faults.soak"],
    )
    try:
        watched.until(lambda line: line["seed"] == 1)
        # Two boards that live on and two that play: all are on, none at its end.
        end_s = time.monotonic() + 20
        while sum(watched.mark in line for line in watched.command_lines()) < 4 and time.monotonic() < end_s:
            time.sleep(0.05)
        watched.signal_all(signal.SIGINT)
        code, err = watched.finish()
        assert (code, err.splitlines()[-1]) == (130, "soak: interrupted")
        report = watched.lines[-1]
        assert set(report["heaps"]) == {"ESP32_GENERIC", "RPI_PICO_W"}
        assert (report["lost"], report["out_of_order"], report["stranded"]) == (0, 0, 0)
        assert watched.left_behind() == []
    finally:
        watched.end()
