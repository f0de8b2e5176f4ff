"""When a call to the control plane may be made again, and after how long. Pure: no clock, no sleep.

The SDK's own retries stay off: it would repeat a RegisterDeviceCredential whose answer was
lost, and the first one's secret would then be void.
"""

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.errors import CloudError, CloudFaultError, CloudThrottledError, CloudUnreachableError

Random = Callable[[], float]
"""Gives a number from 0 (included) to 1 (excluded), as `random.random` does."""


@dataclass(frozen=True)
class Policy:
    """`attempts` counts the first one; waits double from `base_ms` and end at `cap_ms`."""

    attempts: int = 3
    base_ms: int = 300
    cap_ms: int = 5000


def wait_ms(
    policy: Policy, attempt: int, failure: CloudError, *, repeatable: bool, asked_ms: int, random: Random
) -> int | None:
    """How long to wait before the next attempt, or None when there is to be no other.

    `attempt` is the number of the one that failed, from 1. `asked_ms` is what the service
    asked for, 0 if nothing. The wait has full jitter above it, so that many callers that
    were refused together do not come back together.
    """
    if attempt >= policy.attempts or not _again(failure, repeatable) or asked_ms > policy.cap_ms:
        return None
    ceiling = min(policy.cap_ms, policy.base_ms << (attempt - 1))
    return asked_ms + int(random() * ceiling)


def _again(failure: CloudError, repeatable: bool) -> bool:
    """A throttled request was not carried out; the other failures leave that open."""
    if isinstance(failure, CloudThrottledError):
        return True
    if isinstance(failure, CloudFaultError):
        # Without a code it is not the control plane that answered, nor will it be next time.
        return repeatable and bool(failure.code)
    return repeatable and isinstance(failure, CloudUnreachableError)
