"""The proxy for callers without an event loop."""

import asyncio
import threading
from typing import Any, Self

from host_tools.errors import ToolError
from host_tools.twin.faults.book import FaultBook
from host_tools.twin.proxy.proxy import Proxy

_START_S = 10.0


class ProxyThread:
    """`with ProxyThread(...) as proxy:` takes what Proxy takes, and runs it on a loop in a thread."""

    def __init__(self, to: tuple[str, int], **options: Any) -> None:
        self._proxy = Proxy(to, **options)
        self._up = threading.Event()
        self._error: ToolError | None = None
        self._thread = threading.Thread(target=self._run, name="devcred-proxy", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._down: asyncio.Event

    @property
    def port(self) -> int:
        return self._proxy.port

    @property
    def faults(self) -> FaultBook:
        return self._proxy.faults

    def __enter__(self) -> Self:
        self._thread.start()
        self._up.wait(_START_S)
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join(_START_S)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._down = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with self._proxy:
                self._up.set()
                await self._down.wait()
        except ToolError as error:
            self._error = error
        finally:
            self._up.set()
