"""HTTP/1.1 without patience for a connection that says nothing."""

import asyncio
from typing import Any

from host_tools.http1 import Http1


class Impatient(Http1):
    """Ends a connection whose first request's head is not there in time."""

    def __init__(self, *arguments: Any, head_s: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_s = head_s
        self._head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head = self.loop.call_later(self._head_s, transport.abort)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None:
            self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _forget(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None
