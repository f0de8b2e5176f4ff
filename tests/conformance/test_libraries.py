"""paho-mqtt, gmqtt and aiomqtt on the twin with the service's rules, logged in by DeviceCredential."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from alibabacloud_onsmqtt20200420.models import CloseConnectionRequest
from gmqtt.mqtt.constants import MQTTv50

from host_tools.twin import TwinThread
from tests.conformance.libraries import (
    DEADLINE_S,
    LIBRARIES,
    Gmqtt,
    Got,
    Library,
    Login,
    RefusedError,
    login_for,
)
from tests.twin.conftest import new_client_id, sdk

Connect = Callable[[Login], Library]
each_library = pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES.keys())


def finish(scenario: Coroutine[Any, Any, None]) -> None:
    """Run it; TimeoutError after the deadline."""
    asyncio.run(asyncio.wait_for(scenario, DEADLINE_S))


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@each_library
def test_messages_go_round(service: TwinThread, library: Connect, tls: bool, qos: int) -> None:
    async def scenario() -> None:
        login = login_for(service, new_client_id(), tls=tls)
        async with library(login) as client:
            topic = f"devcred/round/{login.client_id[-4:].strip('@')}"
            await client.subscribe(f"{topic}/+", qos)
            sent = [Got(f"{topic}/{n}", b"x" * n * 100, qos) for n in range(8)]
            for message in sent:
                await client.publish(message.topic, message.payload, qos)
            assert [await client.receive() for _ in sent] == sent

    finish(scenario())


@each_library
def test_p2p_arrives_with_no_subscription(service: TwinThread, library: Connect) -> None:
    async def scenario() -> None:
        one, two = (login_for(service, new_client_id()) for _ in range(2))
        async with library(one) as sender, library(two) as addressee:
            await sender.publish(f"devcred/p2p/{two.client_id}", b"ping", 1)
            assert await addressee.receive() == Got(f"devcred/p2p/{two.client_id}", b"ping", 1)

    finish(scenario())


@each_library
def test_a_credential_that_was_replaced_is_refused(service: TwinThread, library: Connect) -> None:
    async def scenario() -> None:
        old = login_for(service, new_client_id())
        new = login_for(service, old.client_id)
        with pytest.raises(RefusedError) as refused:
            await library(old).__aenter__()
        assert refused.value.code == 5
        async with library(new):
            pass

    finish(scenario())


@each_library
def test_a_kick_is_noticed(service: TwinThread, library: Connect) -> None:
    async def scenario() -> None:
        login = login_for(service, new_client_id())
        request = CloseConnectionRequest(client_id=login.client_id, instance_id=service.instance_id)
        async with library(login) as client:
            await sdk(service).close_connection_async(request)
            await client.lost()

    finish(scenario())


def test_gmqtt_falls_back_from_mqtt_5(service: TwinThread) -> None:
    """CONNACK 1 is what it needs to go on with MQTT 3.1.1."""

    async def scenario() -> None:
        login = login_for(service, new_client_id())
        async with Gmqtt(login, MQTTv50) as client:
            await client.subscribe("devcred/fallen", 1)
            await client.publish("devcred/fallen", b"back", 1)
            assert await client.receive() == Got("devcred/fallen", b"back", 1)

    finish(scenario())
