"""The twin for callers without an event loop."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from host_tools.twin.accounts import Account
from host_tools.twin.complaints import Complaints
from host_tools.twin.twin import Twin

_FORWARDED = frozenset(
    {
        "access_key_id",
        "access_key_secret",
        "api_port",
        "ca_der",
        "endpoint",
        "faults",
        "groups",
        "host_name",
        "instance_id",
        "message_trace",
        "mqtt_port",
        "tls_port",
        "topics",
        "trace",
        "ws_port",
        "wss_port",
    }
)
_START_S = 10.0
_STOP_S = 10.0


class TwinThread:
    """`with TwinThread(...) as twin:` takes what Twin takes, and runs it on a loop in a thread.

    It has the Twin's attributes: ports, names, keys, trace. `twin` is the Twin itself; touch its state or
    broker through `call` only, which runs on its loop.
    """

    def __init__(self, **options: Any) -> None:
        self.twin = Twin(**options)
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(Complaints())
        self._thread = threading.Thread(target=self._loop.run_forever, name="devcred-twin", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.twin.start(), self._loop).result(_START_S)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the twin and end its thread. Twice does no harm."""
        if not self._thread.is_alive():
            self._loop.close()
            return
        try:
            asyncio.run_coroutine_threadsafe(self.twin.stop(), self._loop).result(_STOP_S)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_STOP_S)
            self._loop.close()

    def new_account(self, **options: Any) -> Account:
        """What Twin.new_account gives."""
        made = self.call(lambda: self.twin.new_account(**options))
        assert isinstance(made, Account)
        return made

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The result of a plain function, run on the twin's loop."""

        async def run() -> Any:
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_START_S)

    def __getattr__(self, name: str) -> Any:
        if name in _FORWARDED:
            return getattr(self.twin, name)
        raise AttributeError(name)
