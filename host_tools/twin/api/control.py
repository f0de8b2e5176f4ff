"""The control plane as a function: a request in, a status and an object out. No sockets."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from host_tools.errors import ToolError
from host_tools.twin.api import gateway, operations, rpc
from host_tools.twin.api.answers import Answer
from host_tools.twin.api.errors import ApiError
from host_tools.twin.api.nonces import Nonces
from host_tools.twin.api.request import Request
from host_tools.twin.api.throttle import Throttle
from host_tools.twin.api.world import World

__all__ = ["Answer", "Control"]

_LOG = logging.getLogger(__name__)
_HELP = "https://api.aliyun.com/troubleshoot?product=OnsMqtt&q="


@dataclass(slots=True)
class _Known:
    """What is known of a request so far, for the answer when it goes no further."""

    format: str = "json"
    action: str = ""
    failed: str = "InternalError"


class Control:
    """Verifies each request, then runs its operation."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        self._world = replace(world, clock=clock)
        self._nonces = Nonces(world.settings.date_window_s) if world.settings.check_replay else None
        self._throttle = Throttle() if world.settings.throttle else None

    def answer(self, request: Request) -> Answer:
        """Never raises: what goes wrong is an answer, in the service's shape."""
        request_id = self._world.new_id()
        known = _Known()
        try:
            fields = self._run(request, known)
        except ApiError as error:
            return _failure(error, request, request_id, known)
        except Exception as error:  # noqa: BLE001 - the edge: a caller gets an answer, whatever broke
            _LOG.error("twin: %s failed: %s", known.action or "a request", _place(error))
            return _failure(ApiError(known.failed, "The twin itself failed."), request, request_id, known)
        return Answer(200, {"RequestId": request_id, **fields}, format=known.format, action=known.action)

    def too_large(self, request: Request) -> Answer:
        """The answer to a request whose body is more than is read."""
        error = ApiError("InvalidParameter", "The body is too large.", status=413)
        return _failure(error, request, self._world.new_id(), _Known())

    def _run(self, request: Request, known: _Known) -> dict[str, Any]:
        if request.path != "/":
            raise ApiError(
                "InvalidApi.NotFound", "Specified api is not found, please check your url and method."
            )
        world, settings = self._world, self._world.settings
        if rpc.is_rpc(request):
            known.format = rpc.wanted_format(request, settings.rpc_format)
        claim = gateway.read(request)
        account = gateway.verify(claim, world.state.accounts.get, world.clock(), self._nonces)
        operation = operations.find(claim.action, claim.version)
        known.action, known.failed = claim.action, operation.failed
        if self._throttle is not None:
            self._throttle.admit(claim.key_id, claim.action, world.clock())
        return operations.call(replace(world, caller=claim.key_id), operation, account, claim.params)


def _place(error: Exception) -> str:
    """Which kind of error, and where in our code. Its text is left out: it may hold what the caller sent."""
    if isinstance(error, ToolError):
        return error.what  # ours, and made to be shown
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _failure(error: ApiError, request: Request, request_id: str, known: _Known) -> Answer:
    body: dict[str, Any] = {
        "RequestId": request_id,
        "HostId": request.headers.get("host", ""),
        "Code": error.code,
        "Message": error.message,
    }
    if error.from_gateway:
        body["Recommend"] = _HELP + error.code
    if error.denied:
        body["AccessDeniedDetail"] = {"AuthAction": error.denied, "NoPermissionType": "ImplicitDeny"}
    headers = {"x-acs-retry-after": str(error.retry_after_ms)} if error.retry_after_ms else {}
    return Answer(error.status, body, headers, known.format)
