"""Keeps calls to a loopback endpoint from going out through a proxy.

The SDK takes HTTP_PROXY and HTTPS_PROXY from the environment for every address and ignores
NO_PROXY. A request to the twin on this computer would be sent to a proxy that cannot reach
it, with a signature in its headers. The SDK has no setting against it, so the variables are
taken out of the environment for the time of the call. Calls to the service keep them.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")
_one_at_a_time = threading.RLock()


@contextmanager
def direct(loopback: bool) -> Iterator[None]:
    """For a loopback endpoint, the time inside is free of proxy variables; one thread at a time."""
    if not loopback or not any(name in os.environ for name in _VARIABLES):
        yield
        return
    with _one_at_a_time:
        kept = {name: os.environ.pop(name) for name in _VARIABLES if name in os.environ}
        try:
            yield
        finally:
            os.environ.update(kept)
