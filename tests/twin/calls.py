"""Calls of the official SDK, one line each in a test."""

from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_onsmqtt20200420 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException

from devcred import signing
from host_tools.twin import TwinThread
from host_tools.twin.broker.packets import Connect
from tests.twin.conftest import sdk
from tests.twin.wire import Wire

Start = Callable[..., TwinThread]
Login = Callable[..., Wire]


def register(twin: TwinThread, client_id: str) -> Any:
    request = m.RegisterDeviceCredentialRequest(client_id=client_id, instance_id=twin.instance_id)
    return sdk(twin).register_device_credential(request).body.device_credential


def get(twin: TwinThread, client_id: str) -> Any:
    request = m.GetDeviceCredentialRequest(client_id=client_id, instance_id=twin.instance_id)
    return sdk(twin).get_device_credential(request).body.device_credential


def refresh(twin: TwinThread, client_id: str) -> Any:
    request = m.RefreshDeviceCredentialRequest(client_id=client_id, instance_id=twin.instance_id)
    return sdk(twin).refresh_device_credential(request).body.device_credential


def unregister(twin: TwinThread, client_id: str) -> Any:
    request = m.UnRegisterDeviceCredentialRequest(client_id=client_id, instance_id=twin.instance_id)
    return sdk(twin).un_register_device_credential(request).body


def is_online(twin: TwinThread, client_id: str) -> bool:
    request = m.QuerySessionByClientIdRequest(client_id=client_id, instance_id=twin.instance_id)
    return bool(sdk(twin).query_session_by_client_id(request).body.online_status)


def connect_with(twin: TwinThread, credential: Any) -> Connect:
    username = signing.device_username(credential.device_access_key_id, twin.instance_id)
    password = signing.password(credential.client_id, credential.device_access_key_secret)
    return Connect(credential.client_id, True, 60, username, password.encode())


def login_code(twin: TwinThread, credential: Any) -> int:
    with Wire(twin.mqtt_port) as wire:
        return wire.login(connect_with(twin, credential)).code


def refused(call: Callable[..., Any], *arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientException) as caught:
        call(*arguments)
    return caught.value.status_code, caught.value.code
