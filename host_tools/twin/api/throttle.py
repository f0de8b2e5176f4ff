"""How often an account may call an operation in a second. Pure: the time is given."""

import math

from host_tools.twin.api.errors import ApiError

PER_SECOND = {
    "RevokeToken": 5,
    **dict.fromkeys(("CreateGroupId", "DeleteGroupId", "ListGroupId"), 10),
    **dict.fromkeys(("ApplyToken", "QueryToken", "BatchQuerySessionByClientIds"), 100),
    **dict.fromkeys(
        (
            "RegisterDeviceCredential",
            "GetDeviceCredential",
            "RefreshDeviceCredential",
            "UnRegisterDeviceCredential",
            "QuerySessionByClientId",
            "QueryMqttTraceDevice",
            "QueryMqttTraceMessageOfClient",
            "QueryMqttTraceMessagePublish",
            "QueryMqttTraceMessageSubscribe",
        ),
        500,
    ),
    "SendMessage": 1000,
}
"""The service's page on limits of calls; what is not here has no figure, and no limit."""
_WINDOW_S = 1.0


class Throttle:
    """Counts the calls of each account and operation in windows of a second, the first call opening one."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def admit(self, access_key_id: str, action: str, now_s: float) -> None:
        """Count a call; ApiError, with the time to wait, for one too many."""
        limit = PER_SECOND.get(action)
        if limit is None:
            return
        key = (access_key_id, action)
        since_s, calls = self._windows.get(key, (now_s, 0))
        if not since_s <= now_s < since_s + _WINDOW_S:
            since_s, calls = now_s, 0
        if calls >= limit:
            raise ApiError(
                "Throttling.User",
                "Request was denied due to user flow control.",
                retry_after_ms=max(1, math.ceil((since_s + _WINDOW_S - now_s) * 1000)),
            )
        self._windows[key] = (since_s, calls + 1)
