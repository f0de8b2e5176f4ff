"""The clock that tests move, and the timers that follow it."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from host_tools.twin import Twin, TwinThread
from host_tools.twin.clock import ManualClock
from host_tools.twin.timers import Timers

START_S = 1_000_000.0


def run(body: Callable[[ManualClock, Timers], Awaitable[None]]) -> None:
    async def inside() -> None:
        clock = ManualClock(START_S)
        timers = Timers(clock)
        try:
            await body(clock, timers)
        finally:
            timers.stop()

    asyncio.run(inside())


def test_each_timer_fires_once_at_its_own_time_and_in_order() -> None:
    async def body(clock: ManualClock, timers: Timers) -> None:
        fired: list[tuple[str, float]] = []
        for name, after_s in (("late", 30), ("early", 10), ("never", 31)):
            timers.after(after_s, lambda name=name: fired.append((name, clock() - START_S)))  # type: ignore[misc]
        clock.advance(9)
        assert fired == []
        clock.advance(21)
        assert fired == [("early", 10), ("late", 30)]
        assert clock() == START_S + 30
        clock.advance(0)
        assert len(fired) == 2

    run(body)


def test_a_timer_may_set_the_next_and_call_another_off() -> None:
    async def body(clock: ManualClock, timers: Timers) -> None:
        beats: list[float] = []
        doomed = timers.after(25, lambda: beats.append(-1))

        def beat() -> None:
            beats.append(clock() - START_S)
            doomed.cancel()
            timers.after(10, beat)

        timers.after(10, beat)
        clock.advance(35)
        assert beats == [10, 20, 30]

    run(body)


def test_one_that_fails_leaves_the_others_alone() -> None:
    async def body(clock: ManualClock, timers: Timers) -> None:
        problems: list[str] = []
        timers.loop.set_exception_handler(lambda loop, context: problems.append(context["message"]))
        fired = threading.Event()

        def fail() -> None:
            raise ZeroDivisionError

        timers.after(1, fail)
        timers.after(1, fired.set)
        clock.advance(1)
        assert fired.is_set()
        assert problems == ["a timer of the twin failed"]

    run(body)


def test_those_called_off_do_not_pile_up() -> None:
    async def body(clock: ManualClock, timers: Timers) -> None:
        for _ in range(10_000):
            timers.after(86400, lambda: None).cancel()
        assert len(timers) < 200

    run(body)


def test_by_the_real_clock_they_fire_by_themselves() -> None:
    async def body() -> None:
        timers, fired = Timers(time.time), asyncio.Event()
        timers.after(3600, lambda: None)
        timers.after(0.05, fired.set)
        begun = time.monotonic()
        async with asyncio.timeout(3):
            await fired.wait()
        assert time.monotonic() - begun > 0.04
        assert timers.next_s is not None
        timers.stop()
        assert timers.next_s is None

    asyncio.run(body())


def test_one_clock_moves_twins_on_two_loops_from_a_third_thread() -> None:
    clock = ManualClock()
    seen: list[tuple[int, float, str]] = []
    with TwinThread(clock=clock) as one, TwinThread(clock=clock) as two:
        for number, twin in enumerate((one, two)):
            timers = twin.twin.broker.timers

            def note(number: int = number) -> None:
                seen.append((number, clock(), threading.current_thread().name))

            twin.call(timers.after, 10 - number, note)
        start_s = clock()
        clock.advance(60)
        assert [each[:2] for each in seen] == [(1, start_s + 9), (0, start_s + 10)]
        assert {name for _, _, name in seen} == {"devcred-twin"}
    clock.advance(60)  # they are gone, and nobody misses them


def test_inside_the_loop_it_moves_at_once() -> None:
    async def body() -> None:
        clock = ManualClock()
        async with Twin(clock=clock) as twin:
            fired: list[float] = []
            twin.broker.timers.after(5, lambda: fired.append(clock()))
            clock.advance(5)
            assert len(fired) == 1

    asyncio.run(body())


def test_a_loop_that_does_not_answer_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host_tools.twin.clock._DEADLINE_S", 0.1)
    loop, clock = asyncio.new_event_loop(), ManualClock()

    async def make() -> Timers:
        return Timers(clock)

    timers = loop.run_until_complete(make())
    try:
        timers.after(1, lambda: None)
        with pytest.raises(TimeoutError, match="does not answer"):
            clock.advance(1)
    finally:
        timers.stop()
        loop.close()
