"""The operations, one row each: parameters in, the answer's fields out, over the instance's state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from host_tools.twin.api import credentials, groups, sessions
from host_tools.twin.api.errors import ApiError, bad, missing
from host_tools.twin.api.world import World

VERSION = "2020-04-20"
Params = Mapping[str, str]


class _Run(Protocol):
    def __call__(self, world: World, params: Params) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Operation:
    """`needs`: the parameters that must be there, beside InstanceId."""

    run: _Run
    needs: tuple[str, ...] = ()


OPERATIONS: dict[str, Operation] = {
    "RegisterDeviceCredential": Operation(credentials.register, ("ClientId",)),
    "GetDeviceCredential": Operation(credentials.get, ("ClientId",)),
    "RefreshDeviceCredential": Operation(credentials.refresh, ("ClientId",)),
    "UnRegisterDeviceCredential": Operation(credentials.unregister, ("ClientId",)),
    "ListDeviceCredentialClientId": Operation(credentials.list_client_ids, ("GroupId", "PageSize")),
    "CreateGroupId": Operation(groups.create, ("GroupId",)),
    "DeleteGroupId": Operation(groups.delete, ("GroupId",)),
    "ListGroupId": Operation(groups.list_all),
    "QuerySessionByClientId": Operation(sessions.query, ("ClientId",)),
    "SendMessage": Operation(sessions.send_message, ("MqttTopic", "Payload")),
    "CloseConnection": Operation(sessions.close_connection, ("ClientId",)),
}

NOT_MODELLED = frozenset(
    [
        "ActiveCaCertificate",
        "ActiveDeviceCertificate",
        "AddCustomAuthConnectBlack",
        "AddCustomAuthIdentity",
        "AddCustomAuthPermission",
        "ApplyToken",
        "BatchQuerySessionByClientIds",
        "DeleteCaCertificate",
        "DeleteCustomAuthConnectBlack",
        "DeleteCustomAuthIdentity",
        "DeleteCustomAuthPermission",
        "DeleteDeviceCertificate",
        "DisasterDowngrade",
        "DisasterRecovery",
        "GetCaCertificate",
        "GetDeviceCertificate",
        "GetRegisterCode",
        "InactivateCaCertificate",
        "InactivateDeviceCertificate",
        "ListCaCertificate",
        "ListDeviceCertificate",
        "ListDeviceCertificateByCaSn",
        "ListInstances",
        "ListTagResources",
        "QueryCustomAuthConnectBlack",
        "QueryCustomAuthIdentity",
        "QueryCustomAuthPermission",
        "QueryMqttTraceDevice",
        "QueryMqttTraceMessageOfClient",
        "QueryMqttTraceMessagePublish",
        "QueryMqttTraceMessageSubscribe",
        "QueryToken",
        "RegisterCaCertificate",
        "RevokeToken",
        "SetSniConfig",
        "TagResources",
        "UntagResources",
        "UpdateCustomAuthIdentity",
        "UpdateCustomAuthPermission",
    ]
)
"""The other operations of SDK 1.7.1."""


def call(world: World, action: str, version: str, params: Params) -> dict[str, Any]:
    """Run one operation; the fields of its answer without RequestId. Raises ApiError."""
    if version == VERSION and action in NOT_MODELLED:
        raise ApiError("ApiNotSupport", f"The API {action} is not supported on this instance.")
    operation = OPERATIONS.get(action)
    if version != VERSION or operation is None:
        raise ApiError("InvalidApi.NotFound", "Specified api is not found, please check your url and method.")
    for name in (*operation.needs, "InstanceId"):
        if not params.get(name):
            raise missing(name)
    if params["InstanceId"] != world.state.instance_id:
        raise ApiError("InstanceNotFound", "The instance does not exist, or is not yours.")
    try:
        return operation.run(world, params)
    except ValueError as error:
        # The shared rules for IDs and topics name the rule, never the value.
        raise bad("value", str(error)) from None
