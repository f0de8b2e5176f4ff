"""The control plane from the event loop: the SDK waits, so it waits in threads, one client in each."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from host_tools.cloud import credentials, tokens
from host_tools.cloud.client import CloudClient, Timeouts
from host_tools.cloud.credentials import DeviceCredential
from host_tools.cloud.retry import Policy
from host_tools.tokens.scopes import Scope

Result = TypeVar("Result")
TIMEOUTS = Timeouts(connect_ms=3000, read_ms=5000)
ONCE = Policy(attempts=1)
"""Whether and when to try again is decided here, for all devices together."""
THREADS = 16


class Control:
    """`make_client` is called once in each thread. What is raised are the CloudErrors."""

    def __init__(self, make_client: Callable[[], CloudClient]) -> None:
        self._make_client = make_client
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tokens-cloud")
        self._own = threading.local()

    async def apply(self, scope: Scope, expire_ms: int) -> str:
        """A new token of this scope."""
        return await self._run(lambda client: tokens.apply(client, scope.kind, scope.resources, expire_ms))

    async def revoke(self, token: str) -> None:
        """Withdraw a token."""
        await self._run(lambda client: tokens.revoke(client, token))

    async def credential(self, client_id: str) -> DeviceCredential | None:
        """A device's credential, None where there is none."""
        return await self._run(lambda client: credentials.find(client, client_id))

    def close(self) -> None:
        """Let calls under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, call: Callable[[CloudClient], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._called, call)

    def _called(self, call: Callable[[CloudClient], Result]) -> Result:
        if not hasattr(self._own, "client"):
            self._own.client = self._make_client()
        client: CloudClient = self._own.client
        return call(client)
