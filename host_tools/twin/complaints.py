"""What the event loop complains of: one line for what is no defect of ours, such as a disk that is full."""

import asyncio
import logging
from typing import Any

from host_tools.errors import ToolError

_LOG = logging.getLogger(__name__)
_PAUSE_S = 10.0


class Complaints:
    """An event loop's exception handler; it says the same thing every 10 s at most."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, ToolError):
            loop.default_exception_handler(context)
        elif loop.time() >= self._said.get(str(error), float("-inf")):
            self._said = {str(error): loop.time() + _PAUSE_S}
            _LOG.error("%s", error)
