"""An event loop in a thread, for callers without one."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

_START_S = 10.0
_STOP_S = 10.0


class Runs(Protocol):
    """What can be run so."""

    async def start(self) -> object: ...

    async def stop(self) -> object: ...


class LoopThread:
    """`with` starts `what` on a loop of its own in a thread, and stops it; that may take `stop_s`."""

    def __init__(
        self, what: Runs, name: str, on_complaint: Callable[..., None] | None = None, stop_s: float = _STOP_S
    ) -> None:
        self._what = what
        self._stop_s = stop_s
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(on_complaint)
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._what.start(), self._loop).result(_START_S)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop it and end the thread. Twice does no harm."""
        if not self._thread.is_alive():
            self._loop.close()
            return
        try:
            asyncio.run_coroutine_threadsafe(self._what.stop(), self._loop).result(self._stop_s)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_STOP_S)
            self._loop.close()

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The result of a plain function, run on the loop."""

        async def run() -> Any:
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_START_S)
