"""The twin: an ApsaraMQ for MQTT instance on this computer, broker and control plane over one state."""

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from devcred import topics as rules
from host_tools.errors import UsageError
from host_tools.twin.accounts import Account
from host_tools.twin.api.reception import Reception
from host_tools.twin.authority import keep_authority, keep_context
from host_tools.twin.broker.broker import Broker
from host_tools.twin.broker.hooks import Hook
from host_tools.twin.broker.journal import Journal
from host_tools.twin.faults.book import FaultBook
from host_tools.twin.faults.switchboard import Switchboard
from host_tools.twin.faults.wrong_certs import WrongCertificates
from host_tools.twin.listening import bind, port_of
from host_tools.twin.policy import Policy
from host_tools.twin.settings import Settings
from host_tools.twin.state import State
from host_tools.twin.store import MemoryStore, SqliteStore, Store
from host_tools.twin.trace import MessageTrace, Trace, TraceEntry

if TYPE_CHECKING:
    from host_tools.twin.api.server import ApiServer

_DEFAULTS = Settings()


class Twin:
    """An async context manager; between `start` and `stop` the attributes below are there.

    Ports of 0 take free ones; the two for WebSocket may be None for none. With `state_dir` the instance, its
    accounts, groups, topics, credentials, tokens, CA, kept sessions and their messages outlive the process.
    `clock` gives seconds since 1970; a ManualClock is moved by tests. `hook` is the
    broker's, from the start. Raises MachineError for a port or a folder that cannot be used, UsageError for a
    group or topic that breaks the rules.
    """

    mqtt_port: int
    tls_port: int
    api_port: int
    ws_port: int | None
    wss_port: int | None
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
        ws_port: int | None = 0,
        wss_port: int | None = 0,
        state_dir: Path | None = None,
        groups: Iterable[str] = (),
        topics: Iterable[str] = ("devcred",),
        clock: Callable[[], float] = time.time,
        settings: Settings = _DEFAULTS,
        on_trace: Callable[[TraceEntry], None] | None = None,
        hook: "Hook | None" = None,
    ) -> None:
        self._host = host
        self._wanted = (port, tls_port, api_port, ws_port, wss_port)
        self._state_dir = state_dir
        self._groups, self._topics = tuple(groups), tuple(topics)
        _check(rules.check_group_id, self._groups, "a group reads GID_, then letters, digits, - and _")
        _check(rules.check_parent, self._topics, "a parent topic takes letters, digits, - and _")
        self._clock = clock
        self._settings = settings
        self._trace = Trace(clock, on_trace, messages=settings.message_trace_entries)
        self._hook = hook
        self.faults = FaultBook()
        """May be used before `start` and from any thread."""
        self._running = AsyncExitStack()

    async def start(self) -> Self:
        """Open the ports and answer on them; what fails on the way leaves nothing open."""
        async with AsyncExitStack() as stack:
            mqtt, tls, api, ws, wss = (
                None if port is None else stack.enter_context(closing(bind(self._host, port)))
                for port in self._wanted
            )
            assert mqtt is not None and tls is not None and api is not None
            self.mqtt_port, self.tls_port, self.api_port = port_of(mqtt), port_of(tls), port_of(api)
            self.ws_port, self.wss_port = (None if each is None else port_of(each) for each in (ws, wss))
            store = SqliteStore(self._state_dir) if self._state_dir else MemoryStore()
            stack.callback(store.close)
            self.state = self._open_state(store)
            # Without a folder there is nothing that outlives the process, and no work for it.
            journal = Journal(store) if self._state_dir else None
            self.broker = Broker(self.state, self._settings, self._trace, self._clock, journal)
            stack.push_async_callback(self.broker.stop)
            context = self._tls_context()
            faults = Switchboard(self.faults, self.broker, self._wrong_certificates, self._hook)
            stack.callback(faults.stop)
            faults.door("mqtt", await self.broker.listen(mqtt))
            faults.door("tls", await self.broker.listen(tls, context))
            if ws is not None:
                faults.door("ws", await self.broker.listen(ws, websocket=True))
            if wss is not None:
                faults.door("wss", await self.broker.listen(wss, context, websocket=True))
            reception = Reception(self._api_server)
            stack.push_async_callback(reception.stop)
            reception.open(api)
            faults.api(api, reception)
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
        return self.state.main_account

    @property
    def access_key_secret(self) -> str:
        return self.state.accounts[self.access_key_id].access_key_secret

    def new_account(
        self,
        *,
        policy: Policy | Mapping[str, Any] | str | None = None,
        sts: bool = False,
        life_s: float = 3600.0,
    ) -> Account:
        """Another AccessKey pair for the control plane: its rights by `policy`, or all.

        `policy` is a Policy, or a RAM document as JSON or as the object it stands for. With `sts` it is a
        temporary pair with a security token, good for `life_s` seconds. Raises UsageError for no policy.
        """
        rights = policy if isinstance(policy, Policy | None) else Policy.parse(policy)
        return self.state.new_account(policy=rights, sts=sts, life_s=life_s)

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

    @property
    def message_trace(self) -> list[MessageTrace]:
        """What happened to messages, oldest first."""
        return self._trace.messages

    def _open_state(self, store: Store) -> State:
        state = State(store, clock=self._clock)
        for group_id in self._groups:
            state.add_group(group_id)
        for parent in self._topics:
            state.add_topic(parent)
        return state

    def _tls_context(self) -> ssl.SSLContext:
        now_s = self._clock()
        authority = keep_authority(self.state.keep, now_s)
        self.ca_der = authority.der
        names = list(dict.fromkeys((self.host_name, "localhost", "127.0.0.1", self._host)))
        self._wrong_certificates = WrongCertificates(authority, names, self._clock)
        return keep_context(self.state.keep, authority, names, now_s)

    def _api_server(self) -> "ApiServer":
        from host_tools.twin.api.control import Control
        from host_tools.twin.api.server import ApiServer
        from host_tools.twin.api.world import World

        world = World(self.state, self._settings, self.broker, trace=self._trace)
        return ApiServer(Control(world, self._clock), self.faults)


def _check(rule: Callable[[str], str], values: Iterable[str], form: str) -> None:
    for value in values:
        try:
            rule(value)
        except ValueError as error:
            raise UsageError(f"{value!r} is none: {error}", where="twin", do=form) from None
