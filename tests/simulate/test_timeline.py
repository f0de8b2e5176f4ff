"""Counting and drawing: peaks, percentiles, bars."""

import re
from collections import Counter
from xml.etree import ElementTree

from host_tools.simulate import plot
from host_tools.simulate.bins import bars
from host_tools.simulate.limiter import Limiter
from host_tools.simulate.report import Tolerance
from host_tools.simulate.timeline import Timeline, peak


def timeline(accepted: dict[int, int], refused: dict[int, int] | None = None) -> Timeline:
    return Timeline(sum(accepted.values()), Counter(accepted), Counter(refused or {}), Counter(accepted))


def test_peak_finds_the_second_wherever_it_begins() -> None:
    assert peak({}) == 0
    assert peak({900: 5, 1100: 5}) == 10
    assert peak({0: 5, 999: 5, 1000: 5}) == 10
    assert peak({0: 9, 5000: 2, 5999: 3}, from_ms=1) == 5


def test_time_back() -> None:
    told = timeline({10: 50, 20: 40, 30: 9, 40: 1})
    assert [told.time_back_ms(percent) for percent in (50, 90, 99, 100)] == [10, 20, 30, 40]
    told.devices = 101
    assert told.time_back_ms(100) is None


def test_bars_have_round_widths_and_lose_nothing() -> None:
    told = timeline({0: 1, 15_999: 3}, {8_000: 4})
    drawn = bars(told, 24)
    assert (drawn.width_ms, len(drawn.rates)) == (1000, 16)
    assert sum(sum(pair) for pair in drawn.rates) == 8
    assert drawn.rates[8] == (0, 4)
    assert len(bars(timeline({10**9: 1}), 24).rates) <= 24
    assert bars(Timeline(0), 24).top > 0


def test_text_shows_accepted_and_refused() -> None:
    lines = plot.text(timeline({0: 10, 2000: 30}, {0: 30}))
    marks = {line.split(" s |")[0].strip(): (line.count("#"), line.count(".")) for line in lines[1:]}
    assert marks["0"] == (15, 45)
    assert marks["2"][0] > 40


def test_svg_is_whole_and_to_scale() -> None:
    root = ElementTree.fromstring(plot.svg(timeline({0: 10, 1900: 20}, {1900: 20}), "a < b & c"))
    name = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{name}title") == "a < b & c"
    heights = [float(each.get("height", 0)) for each in root.findall(f"{name}rect")[1:]]
    assert len(heights) == 3
    assert abs(heights[1] - 2 * heights[0]) < 0.1
    assert abs(heights[2] - heights[1]) < 0.1
    assert not re.search(r"(href|url\(|script)", plot.svg(timeline({0: 1}), "t"))


def test_limiter() -> None:
    limiter = Limiter(100)
    assert [limiter.admits(0) for _ in range(12)].count(True) == 10
    assert [limiter.admits(50) for _ in range(12)].count(True) == 5
    assert all(Limiter(0).admits(0) for _ in range(1000))
    assert Limiter(1).admits(0)


def test_tolerance() -> None:
    assert Tolerance(0.1, 0).holds(90, 100)
    assert not Tolerance(0.1, 0).holds(89, 100)
    assert Tolerance(0.1, 5).holds(1, 6)
