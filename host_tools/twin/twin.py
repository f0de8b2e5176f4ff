"""The twin: an ApsaraMQ for MQTT instance on this computer, broker and control plane over one state."""

import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Self

from devcred import topics as rules
from host_tools.errors import UsageError
from host_tools.twin import certs
from host_tools.twin.api.control import Control
from host_tools.twin.api.server import ApiServer
from host_tools.twin.api.world import World
from host_tools.twin.broker.broker import Broker
from host_tools.twin.broker.hooks import Hook
from host_tools.twin.listening import bind, port_of
from host_tools.twin.settings import Settings
from host_tools.twin.state import State
from host_tools.twin.store import MemoryStore, SqliteStore
from host_tools.twin.trace import Trace, TraceEntry

_DEFAULTS = Settings()


class Twin:
    """An async context manager; between `start` and `stop` the attributes below are there.

    Ports of 0 take free ones. With `state_dir` the instance, its accounts, groups, topics, credentials and CA
    outlive the process. `clock` gives seconds since 1970; `hook` is the broker's, from the start. Raises
    MachineError for a port or a folder that cannot be used, UsageError for a group or topic that breaks
    the rules.
    """

    mqtt_port: int
    tls_port: int
    api_port: int
    ca_der: bytes
    state: State
    broker: Broker

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_port: int = 0,
        api_port: int = 0,
        state_dir: Path | None = None,
        groups: Iterable[str] = (),
        topics: Iterable[str] = ("devcred",),
        clock: Callable[[], float] = time.time,
        settings: Settings = _DEFAULTS,
        on_trace: Callable[[TraceEntry], None] | None = None,
        hook: "Hook | None" = None,
    ) -> None:
        self._host = host
        self._wanted = (port, tls_port, api_port)
        self._state_dir = state_dir
        self._groups, self._topics = tuple(groups), tuple(topics)
        _check(rules.check_group_id, self._groups, "a group reads GID_, then letters, digits, - and _")
        _check(rules.check_parent, self._topics, "a parent topic takes letters, digits, - and _")
        self._clock = clock
        self._settings = settings
        self._trace = Trace(clock, on_trace)
        self._hook = hook
        self._running = AsyncExitStack()

    async def start(self) -> Self:
        """Open the ports and answer on them; what fails on the way leaves nothing open."""
        async with AsyncExitStack() as stack:
            mqtt, tls, api = (stack.enter_context(closing(bind(self._host, port))) for port in self._wanted)
            self.mqtt_port, self.tls_port, self.api_port = port_of(mqtt), port_of(tls), port_of(api)
            self.state = self._open_state()
            stack.callback(self.state.close)
            self.broker = Broker(self.state, self._settings, self._trace, self._clock)
            self.broker.hook = self._hook
            stack.push_async_callback(self.broker.stop)
            await self.broker.listen(mqtt)
            await self.broker.listen(tls, self._tls_context())
            server = ApiServer(Control(World(self.state, self._settings, self.broker), self._clock))
            stack.push_async_callback(server.stop)
            await server.start(api)
            self._running = stack.pop_all()
        return self

    async def stop(self) -> None:
        """Close ports and connections; nothing is left running. Twice does no harm."""
        running, self._running = self._running, AsyncExitStack()
        await running.aclose()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def endpoint(self) -> str:
        """What the SDK takes as `endpoint`, with protocol http."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self.api_port}"

    @property
    def instance_id(self) -> str:
        return self.state.instance_id

    @property
    def host_name(self) -> str:
        """The name the real service would have; the server certificate carries it."""
        return f"{self.instance_id}.mqtt.aliyuncs.com"

    @property
    def access_key_id(self) -> str:
        """The first account's."""
        return next(iter(self.state.accounts))

    @property
    def access_key_secret(self) -> str:
        return self.state.accounts[self.access_key_id].access_key_secret

    @property
    def groups(self) -> tuple[str, ...]:
        """Those that exist now."""
        return tuple(self.state.groups)

    @property
    def topics(self) -> tuple[str, ...]:
        """The parent topics that exist."""
        return self.state.topics

    @property
    def trace(self) -> list[TraceEntry]:
        """What happened to connections, oldest first."""
        return self._trace.entries

    def _open_state(self) -> State:
        store = SqliteStore(self._state_dir) if self._state_dir else MemoryStore()
        state = State(store, clock=self._clock)
        for group_id in self._groups:
            state.add_group(group_id)
        for parent in self._topics:
            state.add_topic(parent)
        return state

    def _tls_context(self) -> ssl.SSLContext:
        now_s = self._clock()
        authority = certs.keep_authority(self.state.keep, now_s)
        self.ca_der = authority.der
        names = dict.fromkeys((self.host_name, "localhost", "127.0.0.1", self._host))
        return certs.server_context(authority, list(names), now_s)


def _check(rule: Callable[[str], str], values: Iterable[str], form: str) -> None:
    for value in values:
        try:
            rule(value)
        except ValueError as error:
            raise UsageError(f"{value!r} is none: {error}", where="twin", do=form) from None
