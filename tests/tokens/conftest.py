"""A token server over real HTTP, against the twin through the official SDK."""

import io
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from host_tools.cloud import endpoint
from host_tools.cloud.client import AccessKey, CloudClient
from host_tools.loop_thread import LoopThread
from host_tools.tokens import accounts, challenge, control
from host_tools.tokens.account import Account
from host_tools.tokens.logs import Log
from host_tools.tokens.parts import Limits
from host_tools.tokens.scopes import rights
from host_tools.tokens.server import STOP_S, Serving, TokenServer
from host_tools.tokens.state import State, open_state
from host_tools.twin import Settings, TwinThread
from tests.tokens.postgres import absent, cluster, new_database

GROUP = "GID_shop"
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
"""For what has to hold in either database."""
SOAK = bool(os.environ.get("DEVCRED_SOAK"))
SHARED = (
    BOTH
    if SOAK
    else pytest.mark.parametrize("database_url", ["sqlite" if absent() else "postgresql"], indirect=True)
)
"""For what replicas do together: in the database that they would have, in a soak in either."""
GENEROUS = Limits(address_per_s=10_000, account_per_s=1000)
"""For tests that are about something else."""


class Clock:
    """Seconds since 1970 that can be put forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


class Client:
    """What a device or an administrator does, over one HTTP connection a request."""

    def __init__(self, port: int, admin_key: str = "") -> None:
        self.port = port
        self._admin_key = admin_key
        self.headers: dict[str, str] = {}

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and answer, JSON taken apart."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            data = None if body is None else json.dumps(body).encode()
            given = {"Content-Type": "application/json"} if data is not None else {}
            connection.request(method, path, data, given | (headers or {}))
            answer = connection.getresponse()
            return answer.status, self._read(answer)
        finally:
            connection.close()

    def _read(self, answer: HTTPResponse) -> Any:
        content = answer.read()
        self.headers = dict(answer.getheaders())
        is_json = (answer.getheader("Content-Type") or "").startswith("application/json")
        return json.loads(content) if is_json and content else content

    def admin(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """As `call`, below /v1/admin and with the key."""
        return self.call(method, f"/v1/admin{path}", body, {"Authorization": f"Bearer {self._admin_key}"})

    def metric(self, name: str) -> float:
        """A sample, `name` as Prometheus writes it with its labels; 0 if it is not there yet."""
        _, text = self.call("GET", "/metrics", headers={"Authorization": f"Bearer {self._admin_key}"})
        for line in text.decode().splitlines():
            if line.startswith(f"devcred_token_{name} "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def nonce(self, client_id: str) -> str:
        status, answer = self.call("POST", "/v1/challenge", {"client_id": client_id})
        assert status == 200, answer
        return answer["nonce"]

    def ask(
        self, client_id: str, key: str, what: str = "tokens", purpose: str = "", nonce: str = ""
    ) -> tuple[int, Any]:
        """Challenge, proof, and what comes of them."""
        nonce = nonce or self.nonce(client_id)
        proof = challenge.proof(key, purpose or what, client_id, nonce)
        return self.call("POST", f"/v1/{what}", {"client_id": client_id, "nonce": nonce, "proof": proof})

    def tokens(self, client_id: str, key: str) -> dict[str, Any]:
        """The answer to a device that is in order."""
        status, answer = self.ask(client_id, key)
        assert status == 200, answer
        return answer


class Server(Client):
    """A running server, and hands on its insides: `server`, `state`, `log`."""

    def __init__(self, thread: LoopThread, server: TokenServer, state: State, log: io.StringIO) -> None:
        super().__init__(server.port, state.admin_key)
        self.thread = thread
        self.server = server
        self.state = state
        self.log = log

    def events(self, what: str) -> list[dict[str, Any]]:
        """The events of this name in the log."""
        lines = map(json.loads, self.log.getvalue().splitlines())
        return [line for line in lines if line["event"] == what]


Serve = Callable[..., Server]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def twin(clock: Clock) -> Iterator[TwinThread]:
    """A twin that goes by the test's clock."""
    settings = Settings(check_replay=False)
    with TwinThread(groups=[GROUP], topics=["shop"], clock=clock, settings=settings) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server's URL."""
    if why := absent():
        pytest.skip(why)
    with cluster() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str | None:
    """None, which is SQLite in the state's folder; where a test names postgresql, a new database there."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def state(tmp_path: Path, database_url: str | None) -> State:
    return open_state(tmp_path / "state", database_url)


@pytest.fixture
def serve(twin: TwinThread, clock: Clock, state: State) -> Iterator[Serve]:
    """`serve(Serving(...))`: another replica over the same state; all end with the test."""
    with ExitStack() as stack:

        def start(serving: Serving | None = None, *, state: State = state, **changed: Any) -> Server:
            log = io.StringIO()
            server = TokenServer(
                state,
                client_factory(twin, **changed),
                serving or Serving(limits=GENEROUS),
                clock=clock,
                log=Log(clock, log),
            )
            thread = stack.enter_context(LoopThread(server, "tokens", stop_s=STOP_S))
            return Server(thread, server, state, log)

        yield start


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve()


def client_factory(twin: TwinThread, **changed: Any) -> Callable[[], CloudClient]:
    """Makes clients of a twin's control plane, each attempt once, as `devcred token serve` does."""
    key = AccessKey(twin.access_key_id, twin.access_key_secret)
    options = {"timeouts": control.TIMEOUTS, "policy": control.ONCE, **changed}
    return lambda: CloudClient(endpoint.parse(twin.endpoint), twin.instance_id, key, **options)


def enter(
    state: State,
    name: str,
    read: tuple[str, ...] = ("shop/down/#",),
    write: tuple[str, ...] = ("shop/up/#",),
    kind: str = "device",
    **more: Any,
) -> str:
    """An account in the database; its key."""
    return enter_all(state, [Account(name, kind, rights(read, write), **more)])[name]


def enter_all(state: State, made: Iterable[Account]) -> dict[str, str]:
    """Accounts in the database; their keys by name."""
    keys: dict[str, str] = {}
    database, now_ms = state.open(), int(time.time() * 1000)
    try:
        with database.transaction() as tx:
            for account in made:
                key = keys[account.name] = challenge.new_key(secrets.token_bytes)
                accounts.add(tx, account, None if account.kind == "group" else key, state.seal, now_ms)
    finally:
        database.close()
    return keys


def wait_until(condition: Callable[[], bool], what: str, within_s: float = 20.0) -> None:
    """Fails when it does not come true in time."""
    end_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end_s, f"in vain: {what}"
        time.sleep(0.02)
