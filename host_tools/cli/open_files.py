"""How many files, and with them connections, this process may hold open."""

import resource

RESERVE = 64
"""Files of the process's own: listeners, state, the event loop."""


def allow(connections: int) -> int:
    """Raises the soft limit, as far as it may, to hold `connections`; gives how many there is room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + RESERVE
    if _holds(soft, wanted):
        return connections
    most = wanted if _holds(hard, wanted) else hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):
        # Some systems have a lower limit of their own than the one they name.
        most = soft
    return max(0, min(connections, most - RESERVE))


def _holds(limit: int, wanted: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= wanted
