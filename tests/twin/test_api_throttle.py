"""Calls above the documented number in a second."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ThrottlingException

from host_tools.cloud.client import AccessKey, CloudClient
from host_tools.cloud.endpoint import choose
from host_tools.twin import Settings, TwinThread
from host_tools.twin.accounts import Account
from host_tools.twin.api.errors import ApiError
from host_tools.twin.api.operations import OPERATIONS
from host_tools.twin.api.throttle import PER_SECOND, Throttle
from tests.twin.api_calls import ALGORITHMS, call, client_of

Start = Callable[..., TwinThread]


def revoke(twin: TwinThread, account: Account | None = None, algorithm: str | None = None) -> Any:
    client = client_of(twin, account, signature_algorithm=algorithm)
    return call(client, "RevokeToken", instance_id=twin.instance_id, token="x")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_five_revocations_a_second(start_twin: Start, algorithm: str | None) -> None:
    now = [time.time()]
    twin = start_twin(clock=lambda: now[0], settings=Settings(throttle=True))
    for _ in range(5):
        revoke(twin, algorithm=algorithm)
    now[0] += 0.4
    with pytest.raises(ThrottlingException) as caught:
        revoke(twin, algorithm=algorithm)
    found: Any = caught.value
    assert (found.status_code, found.code) == (400, "Throttling.User")
    assert found.retry_after in (600, 601)
    revoke(twin, twin.new_account(), algorithm)  # another account has its own
    now[0] += found.retry_after / 1000
    revoke(twin, algorithm=algorithm)


def test_our_own_client_waits_and_comes_again(start_twin: Start) -> None:
    now = [time.time()]
    twin = start_twin(clock=lambda: now[0], settings=Settings(throttle=True))
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    client = CloudClient(
        choose(f"http://{twin.endpoint}", None),
        twin.instance_id,
        AccessKey(twin.access_key_id, twin.access_key_secret),
        sleep=sleep,
        rng=lambda: 0.5,
    )
    for _ in range(6):
        client.call("RevokeToken", repeatable=False, token="x")
    assert len(slept) == 1
    assert 1.0 <= slept[0] < 1.3


def test_off_by_default(twin: TwinThread) -> None:
    for _ in range(8):
        revoke(twin)


def test_the_figures_are_of_operations_that_exist() -> None:
    assert PER_SECOND.keys() <= OPERATIONS.keys()


@pytest.mark.parametrize(("action", "limit"), PER_SECOND.items())
def test_each_figure_is_kept(action: str, limit: int) -> None:
    throttle = Throttle()
    for second in (100.0, 101.0):
        for _ in range(limit):
            throttle.admit("one", action, second)
        with pytest.raises(ApiError) as caught:
            throttle.admit("one", action, second + 0.25)
        assert caught.value.retry_after_ms == 750
        throttle.admit("two", action, second)
    throttle.admit("one", action, 50.0)  # a clock that was set back opens a new window


def test_what_has_no_figure_has_no_limit() -> None:
    throttle = Throttle()
    for _ in range(5000):
        throttle.admit("one", "CloseConnection", 100.0)
