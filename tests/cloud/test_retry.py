"""When a call is made again. The random numbers are passed in, so nothing here is left to chance."""

import pytest

from host_tools.cloud.retry import Policy, wait_ms
from host_tools.errors import (
    CloudError,
    CloudFaultError,
    CloudRefusedError,
    CloudThrottledError,
    CloudUnreachableError,
)

POLICY = Policy(attempts=4, base_ms=100, cap_ms=300)
THROTTLED = CloudThrottledError("t", code="Throttling.User")
FAULT = CloudFaultError("f", code="InternalError")
STRANGE = CloudFaultError("not the control plane")
UNREACHABLE = CloudUnreachableError("u")
REFUSED = CloudRefusedError("r", code="SignatureDoesNotMatch")


def ask(
    failure: CloudError, attempt: int = 1, *, repeatable: bool = True, asked_ms: int = 0, number: float = 0.5
) -> int | None:
    return wait_ms(POLICY, attempt, failure, repeatable=repeatable, asked_ms=asked_ms, random=lambda: number)


@pytest.mark.parametrize(
    ("failure", "repeatable", "again"),
    [
        (THROTTLED, True, True),
        (THROTTLED, False, True),  # a throttled request was not carried out
        (FAULT, True, True),
        (FAULT, False, False),  # it may have been carried out
        (UNREACHABLE, True, True),
        (UNREACHABLE, False, False),
        (STRANGE, True, False),
        (REFUSED, True, False),
        (REFUSED, False, False),
    ],
)
def test_what_is_tried_again(failure: CloudError, repeatable: bool, again: bool) -> None:
    assert (ask(failure, repeatable=repeatable) is not None) is again


def test_attempts_are_bounded() -> None:
    assert [ask(FAULT, attempt) is not None for attempt in (1, 2, 3, 4, 5)] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_waits_double_up_to_the_cap_and_have_full_jitter() -> None:
    assert [ask(FAULT, attempt, number=0.999) for attempt in (1, 2, 3)] == [99, 199, 299]
    assert [ask(FAULT, attempt, number=0.0) for attempt in (1, 2, 3)] == [0, 0, 0]


def test_the_service_may_ask_for_a_longer_wait() -> None:
    assert ask(THROTTLED, asked_ms=250, number=0.0) == 250
    assert ask(THROTTLED, asked_ms=301) is None, "a wait beyond the cap is the caller's to decide"
