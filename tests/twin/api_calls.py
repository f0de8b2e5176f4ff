"""Every operation of the twin through the SDK, with parameters that it takes."""

import time
from typing import Any

from alibabacloud_onsmqtt20200420 import models as m
from alibabacloud_onsmqtt20200420.client import Client
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions  # type: ignore[import-untyped]

from host_tools.twin import TwinThread
from host_tools.twin.accounts import Account

ALGORITHMS = (None, "v2")
"""ACS3-HMAC-SHA256, the SDK's usual, and RPC signature 1.0."""


def client_of(twin: TwinThread, account: Account | None = None, **changed: Any) -> Client:
    """The SDK for an account, the owner's unless told; `signature_algorithm='v2'` signs the older way."""
    account = account or twin.call(lambda: twin.twin.state.accounts[twin.access_key_id])
    fields: dict[str, Any] = {
        "access_key_id": account.access_key_id,
        "access_key_secret": account.access_key_secret,
        "security_token": account.security_token or None,
        "endpoint": twin.endpoint,
        "protocol": "http",
    }
    return Client(Config(**{**fields, **changed}))


def call(client: Client, operation: str, **parameters: Any) -> Any:
    """The answer's body, for example of `call(client, "ListGroupId", instance_id=...)`."""
    method = "".join(f"_{char.lower()}" if char.isupper() else char for char in operation).lstrip("_")
    request = getattr(m, f"{operation}Request")(**parameters)
    return getattr(client, method)(request).body


def rpc(client: Client, action: str, version: str, query: dict[str, Any]) -> Any:
    """The answer to a call that the SDK has no method for, signed the older way."""
    params = Params(
        action=action,
        version=version,
        protocol="HTTP",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    return client.call_api(params, OpenApiRequest(query=query), RuntimeOptions())


def ahead_ms(seconds: float) -> int:
    """A time so far from now, in ms since 1970."""
    return int((time.time() + seconds) * 1000)


def window() -> dict[str, Any]:
    """The last hour and the next, as trace queries want it."""
    return {"begin_time": ahead_ms(-3600), "end_time": ahead_ms(3600), "mqtt_region_id": "cn-hangzhou"}


def page(**changed: Any) -> dict[str, Any]:
    """A window and its first page."""
    return {**window(), "current_page": 1, "page_size": 100, **changed}


def usual(client_id: str, token: str = "none") -> dict[str, dict[str, Any]]:
    """What each operation takes, but for the instance, on a client ID that has a credential."""
    one = {"client_id": client_id}
    return {
        "ApplyToken": {"actions": "R", "resources": "devcred/#", "expire_time": ahead_ms(3600)},
        "QueryToken": {"token": token},
        "RevokeToken": {"token": token},
        "RegisterDeviceCredential": one,
        "GetDeviceCredential": one,
        "RefreshDeviceCredential": one,
        "ListDeviceCredentialClientId": {"group_id": client_id.split("@@@")[0], "page_size": "10"},
        "UnRegisterDeviceCredential": one,
        "CreateGroupId": {"group_id": "GID_made"},
        "ListGroupId": {},
        "DeleteGroupId": {"group_id": "GID_made"},
        "ListInstances": {},
        "QuerySessionByClientId": one,
        "BatchQuerySessionByClientIds": {"client_id_list": [client_id]},
        "SendMessage": {"mqtt_topic": "devcred/a", "payload": "x"},
        "CloseConnection": one,
        "QueryMqttTraceDevice": {**one, **page()},
        "QueryMqttTraceMessageOfClient": {**one, **page()},
        "QueryMqttTraceMessagePublish": {"msg_id": "0" * 32, **window()},
        "QueryMqttTraceMessageSubscribe": {"msg_id": "0" * 32, **page()},
        "AddCustomAuthConnectBlack": one,
        "QueryCustomAuthConnectBlack": {"size": 10},
        "DeleteCustomAuthConnectBlack": one,
    }
