"""`devcred token serve`: one replica, from its options to its end."""

import asyncio
import os
import random
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from host_tools.cloud.client import CloudClient
from host_tools.errors import MachineError, UsageError
from host_tools.http_server import HttpServer
from host_tools.tokens.certificates import Certificates
from host_tools.tokens.control import Control
from host_tools.tokens.logs import Log
from host_tools.tokens.metrics import Metrics
from host_tools.tokens.parts import Limits, Parts, put_together
from host_tools.tokens.patience import Impatient
from host_tools.tokens.policy import Sharing
from host_tools.tokens.state import State
from host_tools.tokens.store import Store
from host_tools.tokens.web.app import application
from host_tools.tokens.world import World

_GRACE_S = 10
_MOST_REQUESTS = 2000
STOP_S = 60.0


@dataclass(frozen=True)
class Serving:
    """`tls` is chain and key in PEM; without it only loopback or a proxy that does TLS is served.

    `proxies`: addresses whose X-Forwarded-For counts. `drain_s`: how long /readyz says no before the end.
    `head_s`: a connection's time for its first head. `watch_s`: between two looks at the certificate's files.
    """

    host: str = "127.0.0.1"
    port: int = 0
    tls: tuple[Path, Path] | None = None
    proxies: tuple[str, ...] = ()
    drain_s: float = 0.0
    head_s: float = 10.0
    watch_s: float = 2.0
    limits: Limits = field(default_factory=Limits)


class TokenServer:
    """`start` and `stop` in an event loop. `make_client` gives each thread a client of the control plane."""

    def __init__(
        self,
        state: State,
        make_client: Callable[[], CloudClient],
        serving: Serving,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        log: Log | None = None,
    ) -> None:
        self._state = state
        self._make_client = make_client
        self._serving = serving
        self._clock = clock
        self._monotonic = monotonic
        self.replica = secrets.token_hex(4)
        self._log = log or Log(clock, replica=self.replica)
        self._certificates = Certificates(*serving.tls) if serving.tls else None
        self._parts: Parts | None = None
        self._http: HttpServer | None = None
        self._watch: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> None:
        """Open the database, find the AccessKey, listen."""
        sock = _bound(self._serving.host, self._serving.port)
        try:
            self._parts = await asyncio.to_thread(self._put_together)
        except BaseException:
            sock.close()
            raise
        self.port = sock.getsockname()[1]
        proxies = list(self._serving.proxies)
        certificates = self._certificates
        self._http = HttpServer(
            application(self._parts),
            grace_s=_GRACE_S,
            http=partial(Impatient, head_s=self._serving.head_s),
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            limit_concurrency=_MOST_REQUESTS,
            ssl_context_factory=(lambda config, default: certificates.context) if certificates else None,
        )
        self._parts.chores.start()
        await self._http.start(sock)
        if certificates:
            self._watch = asyncio.create_task(self._watch_files())
        self._log.event("started", port=self.port, tls=certificates is not None)

    async def stop(self) -> None:
        """Say that it is stopping, finish the answers under way, and close."""
        if self._parts is None:
            return
        self._parts.stopping = True
        self._log.event("stopping")
        if self._watch:
            self._watch.cancel()
        if self._http:
            await asyncio.sleep(self._serving.drain_s)
            await self._http.stop()
        await self._parts.close()
        self._log.event("stopped")

    def reload_certificates(self) -> None:
        """Read certificate and key anew; what cannot be used is told, and changes nothing."""
        self._reload(force=True)

    async def _watch_files(self) -> None:
        while True:
            await asyncio.sleep(self._serving.watch_s)
            self._reload(force=False)

    def _reload(self, *, force: bool) -> None:
        if self._certificates is None or self._parts is None:
            return
        counter = self._parts.world.metrics.certificate_reloads
        try:
            if force:
                self._certificates.reload()
            elif not self._certificates.reload_if_changed():
                return
        except UsageError as error:
            counter.labels("failed").inc()
            self._log.event("certificate-refused", why=str(error))
            return
        counter.labels("ok").inc()
        self._log.event("certificate-reloaded")

    def _put_together(self) -> Parts:
        first = self._make_client()
        key_id = first.access_key_id()
        world = World(
            store=Store(self._state.open()),
            seal=self._state.seal,
            instance_id=first.instance_id,
            key_id=key_id,
            replica=self.replica,
            clock=self._clock,
            monotonic=self._monotonic,
            random=random.random,
            random_bytes=os.urandom,
            log=self._log,
            metrics=Metrics(),
            sharing=Sharing(),
        )
        return put_together(world, Control(self._make_client), self._state.admin_key, self._serving.limits)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named; else each answer after the first
    # of a connection would wait for the client's delayed acknowledgement, 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise MachineError(
            f"cannot listen on {host} port {port} ({error.strerror})",
            where="token server",
            do="name another --port or --host",
        ) from None
    return sock
