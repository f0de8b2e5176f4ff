"""The rules by themselves: what is shared, who waits, how often; no server, no clock."""

import random

import pytest

from host_tools.tokens.breaker import Breaker
from host_tools.tokens.buckets import Buckets
from host_tools.tokens.pacing import APPLY, REVOKE, Book, Pace, admit
from host_tools.tokens.policy import Sharing, Standing, life_s
from host_tools.tokens.scopes import Rights, scopes

DAY = 86_400.0


@pytest.mark.parametrize(
    ("left", "spread", "expected"),
    [
        (1.0, 0.5, Standing.FRESH),
        (0.76, 0.99, Standing.FRESH),
        (0.7, 0.99, Standing.AGEING),
        (0.7, 0.0, Standing.FRESH),
        (0.5, 0.0, Standing.AGEING),
        (0.49, 0.5, Standing.OLD),
        (0.1, 0.5, Standing.OLD),
        (0.09, 0.5, Standing.SPENT),
        (-1.0, 0.5, Standing.SPENT),
    ],
)
def test_the_standing_of_a_token(left: float, spread: float, expected: Standing) -> None:
    assert Sharing().standing(DAY, left * DAY, spread) is expected


def test_a_device_comes_back_while_what_it_holds_lasts_and_always_gains() -> None:
    sharing = Sharing()
    for left in (0.5, 0.75, 1.0):
        for number in (0.0, 0.5, 0.999):
            comes_s = sharing.renew_in_s(left * DAY, number)
            left_then_s = left * DAY - comes_s
            # A quarter of what it holds is there for an outage.
            assert left_then_s >= 0.25 * left * DAY
            # Even if it comes a second early it is not given the same again.
            assert sharing.standing(DAY, left_then_s + 1, 0.5) is Standing.OLD


@pytest.mark.parametrize("left_s", [6, 8, 35, 70])
def test_of_a_short_life_too_something_is_left_when_it_comes(left_s: int) -> None:
    for number in (0.0, 0.5, 0.999):
        assert left_s / 2 < Sharing().renew_in_s(left_s, number) < left_s


@pytest.mark.parametrize(("wanted_s", "asked_s"), [(60, 65), (70, 70), (30 * 86_400, 30 * 86_400)])
def test_what_the_service_is_asked_for(wanted_s: int, asked_s: int) -> None:
    assert life_s(wanted_s) == asked_s


def test_the_fewest_tokens() -> None:
    both = scopes(Rights(("a/b",), ("a/c",)), 60)
    assert [(scope.kind, scope.resources) for scope in both] == [("R", ("a/b",)), ("W", ("a/c",))]
    assert [scope.kind for scope in scopes(Rights(("a/b",), ("a/b",)), 60)] == ["RW"]
    assert [scope.kind for scope in scopes(Rights((), ("a/b",)), 60)] == ["W"]
    assert scopes(Rights(), 60) == ()
    # A longer life is another scope: nobody gets a token that lasts longer than the account says.
    assert both[0].key != scopes(Rights(("a/b",), ()), 61)[0].key


def calls(pace: Pace, replicas: list[str], for_ms: int, step_ms: int = 1) -> dict[str, list[int]]:
    """When each of these replicas may call, all wanting to all the time."""
    book = Book()
    made: dict[str, list[int]] = {who: [] for who in replicas}
    for now_ms in range(0, for_ms, step_ms):
        for who in replicas:
            book, wait_ms = admit(book, pace, who, 1_800_000_000_000 + now_ms)
            if not wait_ms:
                made[who].append(now_ms)
    return made


@pytest.mark.parametrize(("pace", "limit"), [(APPLY, 100), (REVOKE, 5)])
@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_no_second_sees_more_than_the_service_allows(pace: Pace, limit: int, count: int) -> None:
    made = calls(pace, [f"r{n}" for n in range(count)], 3000, 5)
    times = sorted(at for each in made.values() for at in each)
    most = max(sum(start <= at < start + 1000 for at in times) for start in range(0, 2000, 5))
    assert limit * 0.7 <= most <= limit


def test_replicas_have_equal_shares_and_an_idle_one_leaves_its_own() -> None:
    made = calls(APPLY, ["a", "b", "c"], 2000)
    counts = [len(each) for each in made.values()]
    assert max(counts) - min(counts) <= 20
    assert min(counts) >= 50
    book, alone = Book(), 0
    for who in ("a", "b"):
        book, _ = admit(book, APPLY, who, 0)
    for now_ms in range(2000, 3000):
        book, wait_ms = admit(book, APPLY, "a", now_ms)
        alone += not wait_ms
    assert alone == 90


def test_time_in_the_book_does_not_go_back() -> None:
    book, _ = admit(Book(), REVOKE, "fast clock", 1000)
    _, wait_ms = admit(book, REVOKE, "slow clock", 900)
    assert wait_ms == 350


def test_a_breaker_lets_one_try_and_its_pauses_grow() -> None:
    breaker = Breaker(lambda: 0.5)
    assert breaker.wait_s(0.0) == 0.0
    now_s, pauses = 0.0, []
    for _ in range(8):
        breaker.failed(now_s)
        pauses.append(breaker.wait_s(now_s))
        now_s += pauses[-1]
        assert breaker.wait_s(now_s) == 0.0, "one tries"
        assert breaker.wait_s(now_s) > 0, "and only one"
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    breaker.succeeded()
    assert (breaker.wait_s(now_s), breaker.failing) == (0.0, False)


def test_failures_of_calls_that_were_under_way_together_are_one() -> None:
    breaker = Breaker(lambda: 0.5)
    for _ in range(16):
        breaker.failed(100.0)
    assert breaker.wait_s(100.0) == 1.0


def test_a_bucket_gives_its_rate_and_no_more() -> None:
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    buckets, now_s, done = Buckets(5.0, 10.0), 0.0, 0
    while now_s < 60:
        now_s += rng.expovariate(50)
        done += buckets.take("one", now_s) == 0
    assert 60 * 5 - 5 <= done <= 60 * 5 + 11, f"seed {seed}"


def test_the_one_who_is_charged_waits_and_others_do_not() -> None:
    buckets = Buckets(1.0, 2.0)
    buckets.charge("guesser", 0.0, 4.0)
    assert buckets.take("guesser", 0.0) == 3.0
    assert buckets.take("other", 0.0) == 0.0
    assert buckets.take("guesser", 3.0) == 0.0


def test_buckets_do_not_grow_for_ever() -> None:
    buckets = Buckets(1.0, 1.0, most_keys=100)
    for number in range(10_000):
        buckets.take(str(number), 0.0)
    assert len(buckets._level) == 100
