"""A running twin, the official SDK's client for it, and devices that may log in."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from alibabacloud_onsmqtt20200420.client import Client
from alibabacloud_tea_openapi.models import Config

from devcred import signing
from host_tools.twin import TwinThread
from host_tools.twin.broker.packets import Connect
from tests.twin.wire import Wire

GROUP = "GID_test"
_NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would send even loopback requests through a proxy that the environment names."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def twin() -> Iterator[TwinThread]:
    """One twin for all tests that do not change it; each test takes client IDs of its own."""
    with TwinThread(groups=[GROUP], topics=["devcred", "other"]) as running:
        yield running


@pytest.fixture(scope="session")
def _faulty() -> Iterator[TwinThread]:
    with TwinThread(groups=[GROUP]) as running:
        yield running


@pytest.fixture
def faulty(_faulty: TwinThread) -> Iterator[TwinThread]:
    """A twin whose faults are the test's alone; they are taken away behind it."""
    yield _faulty
    _faulty.faults.clear()


@pytest.fixture
def start_twin() -> Iterator[Callable[..., TwinThread]]:
    """Starts twins with settings of their own; they end with the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> TwinThread:
            return stack.enter_context(TwinThread(**{"groups": [GROUP], **options}))

        yield start


@pytest.fixture
def place() -> Iterator[Callable[..., Any]]:
    """Makes a `token_logins.Place`: devices in Token mode, on a twin whose clock the test moves."""
    from tests.twin.token_logins import Place  # which takes its names from here

    with ExitStack() as stack:
        yield lambda **settings: Place(stack, **settings)


def new_client_id() -> str:
    """A client ID that no other test has."""
    return f"{GROUP}@@@dev{next(_NUMBERS)}"


def credentials_for(twin: TwinThread, client_id: str, **fields: Any) -> Connect:
    """Register `client_id` at the state itself; the CONNECT that is let in, with `fields` changed."""
    credential = twin.call(twin.twin.state.new_credential, client_id)
    username = signing.device_username(credential.key_id, twin.instance_id)
    password = signing.password(client_id, credential.secret).encode()
    return replace(Connect(client_id, True, 60, username, password), **fields)


@pytest.fixture
def connect_as() -> Iterator[Callable[..., Wire]]:
    """Logs a fresh device in, or `connect` as it is; the wires are closed with the test."""
    with ExitStack() as stack:

        def connect(twin: TwinThread, connect: Connect | None = None, **fields: Any) -> Wire:
            wire = stack.enter_context(Wire(twin.mqtt_port))
            packet = connect or credentials_for(twin, new_client_id(), **fields)
            assert wire.login(packet).code == 0
            return wire

        yield connect


def sdk(twin: TwinThread, **changed: str) -> Client:
    """The official SDK's client, for the twin's account or with parts of it changed."""
    fields = {
        "access_key_id": twin.access_key_id,
        "access_key_secret": twin.access_key_secret,
        "endpoint": twin.endpoint,
        "protocol": "http",
    }
    return Client(Config(**{**fields, **changed}))
