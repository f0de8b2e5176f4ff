"""Client libraries that we did not write, behind one face, so that each is put to the same tests."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import aiomqtt
import gmqtt
import paho.mqtt.client as paho
from gmqtt.mqtt.constants import MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError
from paho.mqtt.enums import CallbackAPIVersion

from host_tools.twin import TwinThread
from tests.twin.conftest import credentials_for

DEADLINE_S = 5.0
_AFTER_THE_TEST_S = 3600
_CODES = {"Bad user name or password": 4, "Not authorized": 5}
"""paho's names for them, which are those of MQTT 5."""


@dataclass(frozen=True)
class Login:
    """Whom to connect as, and where; with `tls` to the TLS port, with the twin's CA and name verified."""

    client_id: str
    username: str
    password: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Got:
    """A message that came."""

    topic: str
    payload: bytes
    qos: int


class RefusedError(Exception):
    """CONNACK said no; `code` as MQTT 3.1.1 counts."""

    def __init__(self, code: int) -> None:
        super().__init__(f"CONNACK {code}")
        self.code = code


class Library(Protocol):
    """An async context manager: connected, or RefusedError."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    async def subscribe(self, topic: str, qos: int) -> None: ...
    async def publish(self, topic: str, payload: bytes, qos: int) -> None: ...
    async def receive(self) -> Got: ...
    async def lost(self) -> None: ...


def login_for(service: TwinThread, client_id: str, *, tls: bool = False) -> Login:
    """A credential for `client_id`, as the library wants it."""
    connect = credentials_for(service, client_id)
    assert connect.username is not None and connect.password is not None
    if not tls:
        return Login(client_id, connect.username, connect.password.decode(), service.mqtt_port)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=service.ca_der)
    return Login(client_id, connect.username, connect.password.decode(), service.tls_port, context)


class Paho:
    """paho-mqtt: its thread, and queues of what its callbacks tell."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._loop = asyncio.get_running_loop()
        self._told: dict[str, asyncio.Queue[Any]] = {
            name: asyncio.Queue() for name in ("code", "granted", "message", "lost")
        }
        self._client = paho.Client(CallbackAPIVersion.VERSION2, login.client_id, reconnect_on_failure=False)
        self._client.username_pw_set(login.username, login.password)
        if login.tls:
            self._client.tls_set_context(login.tls)
        self._client.on_connect = lambda *them: self._tell("code", them[3])
        self._client.on_subscribe = lambda *them: self._tell("granted", them[3])
        self._client.on_message = lambda *them: self._tell("message", them[2])
        self._client.on_disconnect = lambda *them: self._tell("lost", them[3])

    def _tell(self, name: str, value: Any) -> None:
        self._loop.call_soon_threadsafe(self._told[name].put_nowait, value)

    async def __aenter__(self) -> Self:
        self._client.connect("localhost", self._login.port)
        self._client.loop_start()
        code = await self._told["code"].get()
        if code.is_failure:
            raise RefusedError(_CODES[str(code)])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    async def subscribe(self, topic: str, qos: int) -> None:
        self._client.subscribe(topic, qos)
        assert [code.value for code in await self._told["granted"].get()] == [qos]

    async def publish(self, topic: str, payload: bytes, qos: int) -> None:
        await asyncio.to_thread(self._client.publish(topic, payload, qos).wait_for_publish, DEADLINE_S)

    async def receive(self) -> Got:
        message = await self._told["message"].get()
        return Got(message.topic, message.payload, message.qos)

    async def lost(self) -> None:
        await self._told["lost"].get()


class Gmqtt:
    """gmqtt: asyncio from the ground up; it does not tell when a publish was acknowledged."""

    def __init__(self, login: Login, version: int = MQTTv311) -> None:
        self._login, self._version = login, version
        self._client = gmqtt.Client(login.client_id)
        self._client.set_auth_credentials(login.username, login.password)
        # It would come back by itself; a fall from MQTT 5 to 3.1.1 uses the same delay.
        delay_s = _AFTER_THE_TEST_S if version == MQTTv311 else 0.01
        self._client.set_config({"reconnect_retries": 1, "reconnect_delay": delay_s})
        self._messages, self._granted = asyncio.Queue[Got](), asyncio.Queue[int]()
        self._lost = asyncio.Event()
        self._client.on_message = self._message
        self._client.on_subscribe = lambda *them: self._granted.put_nowait(them[2][0])
        self._client.on_disconnect = lambda *_them: self._lost.set()

    def _message(self, _client: Any, topic: str, payload: bytes, qos: int, _properties: Any) -> int:
        self._messages.put_nowait(Got(topic, payload, qos))
        return 0

    async def __aenter__(self) -> Self:
        tls = self._login.tls or False
        try:
            await self._client.connect("localhost", self._login.port, ssl=tls, version=self._version)
        except MQTTConnectError as error:
            raise RefusedError(error._code) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # It ends TLS without hearing the server out, which Python's ssl takes for an error.
        with suppress(ssl.SSLError):
            await self._client.disconnect()

    async def subscribe(self, topic: str, qos: int) -> None:
        self._client.subscribe(topic, qos)
        assert await self._granted.get() == qos

    async def publish(self, topic: str, payload: bytes, qos: int) -> None:
        self._client.publish(topic, payload, qos)

    async def receive(self) -> Got:
        return await self._messages.get()

    async def lost(self) -> None:
        await self._lost.wait()


class Aiomqtt:
    """aiomqtt: paho-mqtt's protocol on asyncio's loop."""

    def __init__(self, login: Login) -> None:
        self._client = aiomqtt.Client(
            "localhost",
            login.port,
            identifier=login.client_id,
            username=login.username,
            password=login.password,
            tls_context=login.tls,
            timeout=DEADLINE_S,
        )

    async def __aenter__(self) -> Self:
        try:
            await self._client.__aenter__()
        except aiomqtt.MqttCodeError as error:
            raise RefusedError(_CODES[str(error.rc)]) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # It tells of a lost connection once more here.
        with suppress(aiomqtt.MqttError):
            await self._client.__aexit__(None, None, None)

    async def subscribe(self, topic: str, qos: int) -> None:
        assert tuple(await self._client.subscribe(topic, qos)) == (qos,)

    async def publish(self, topic: str, payload: bytes, qos: int) -> None:
        await self._client.publish(topic, payload, qos)

    async def receive(self) -> Got:
        message = await anext(self._client.messages)
        assert isinstance(message.payload, bytes)
        return Got(message.topic.value, message.payload, message.qos)

    async def lost(self) -> None:
        try:
            await anext(self._client.messages)
        except aiomqtt.MqttError:
            return
        raise AssertionError("a message instead")


LIBRARIES: dict[str, Callable[[Login], Library]] = {"paho-mqtt": Paho, "gmqtt": Gmqtt, "aiomqtt": Aiomqtt}
