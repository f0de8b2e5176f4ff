"""The control plane as a function: a request in, a status and a JSON object out. No sockets."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from host_tools.twin.api import operations
from host_tools.twin.api.errors import GATEWAY, ApiError
from host_tools.twin.api.nonces import Nonces
from host_tools.twin.api.signature import Request, pairs, verify
from host_tools.twin.api.world import World

_LOG = logging.getLogger(__name__)
_FORM = "application/x-www-form-urlencoded"
_HELP = "https://api.aliyun.com/troubleshoot?product=OnsMqtt&q="


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: dict[str, Any]


class Control:
    """Verifies each request, then runs its operation."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        self._world = world
        self._clock = clock
        self._nonces = Nonces(world.settings.date_window_s) if world.settings.check_replay else None

    def answer(self, request: Request) -> Answer:
        """Never raises: what goes wrong is an answer, in the service's shape."""
        request_id = self._world.new_id()
        try:
            fields = self._run(request)
        except ApiError as error:
            return _failure(error, request, request_id)
        except Exception:  # noqa: BLE001 - the edge: a caller gets an answer, whatever broke
            # A traceback shows our code and no parameters; what the caller sent is not logged.
            _LOG.exception("the control plane failed")
            return _failure(ApiError("InternalError", "The twin itself failed."), request, request_id)
        return Answer(200, {"RequestId": request_id, **fields})

    def _run(self, request: Request) -> dict[str, Any]:
        if request.path != "/":
            raise ApiError(
                "InvalidApi.NotFound", "Specified api is not found, please check your url and method."
            )
        verify(request, self._secret_of, self._clock(), self._nonces)
        params = dict(pairs(request.query))
        if request.headers.get("content-type", "").split(";")[0] == _FORM:
            params |= pairs(request.body.decode("latin-1"))
        headers = request.headers
        return operations.call(self._world, headers["x-acs-action"], headers["x-acs-version"], params)

    def _secret_of(self, access_key_id: str) -> str | None:
        account = self._world.state.accounts.get(access_key_id)
        return account.access_key_secret if account else None


def _failure(error: ApiError, request: Request, request_id: str) -> Answer:
    body = {
        "RequestId": request_id,
        "HostId": request.headers.get("host", ""),
        "Code": error.code,
        "Message": error.message,
    }
    if error.code in GATEWAY or error.code.startswith("Missing"):
        body["Recommend"] = _HELP + error.code
    return Answer(error.status, body)
