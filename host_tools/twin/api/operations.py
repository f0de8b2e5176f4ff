"""The operations, one row each: parameters in, the answer's fields out, over the instance's state."""

from dataclasses import dataclass
from typing import Any, Protocol

from host_tools.twin.accounts import Account
from host_tools.twin.api import (
    black_list,
    credentials,
    groups,
    instances,
    rights,
    sessions,
    sts,
    tokens,
    traces,
)
from host_tools.twin.api.errors import ApiError, bad, missing
from host_tools.twin.api.params import Params
from host_tools.twin.api.world import World

VERSION = "2020-04-20"
_WINDOW = ("BeginTime", "EndTime", "MqttRegionId")
_PAGED = (*_WINDOW, "CurrentPage", "PageSize")


class _Run(Protocol):
    def __call__(self, world: World, params: Params) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Operation:
    """`needs`: the parameters that must be there, beside InstanceId where it is `of_instance`.

    `rights`: RAM actions, one of which the caller must have beside access to the instance; where there are
    none, access is enough; `of_product` alone asks for either. `failed` is the code when it breaks down.
    """

    run: _Run
    needs: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    of_instance: bool = True
    of_product: bool = True
    failed: str = "InternalError"


def _own(name: str, run: _Run, *needs: str, failed: str = "InternalError") -> tuple[str, Operation]:
    """An operation with a right of its own name."""
    return name, Operation(run, needs, (f"mq:{name}",), failed=failed)


def _group(name: str, run: _Run, *needs: str, failed: str = "InternalError") -> tuple[str, Operation]:
    """An operation on groups: newer pages name the right otherwise than older ones."""
    newer = name.replace("GroupId", "MqttGroupId")
    return name, Operation(run, needs, (f"mq:{newer}", f"mq:{name}"), failed=failed)


OPERATIONS: dict[str, Operation] = dict(
    (
        _own("ApplyToken", tokens.apply, "Actions", "Resources", "ExpireTime"),
        _own("QueryToken", tokens.query, "Token"),
        _own("RevokeToken", tokens.revoke, "Token"),
        _own("RegisterDeviceCredential", credentials.register, "ClientId"),
        _own("GetDeviceCredential", credentials.get, "ClientId"),
        _own("RefreshDeviceCredential", credentials.refresh, "ClientId"),
        ("UnRegisterDeviceCredential", Operation(credentials.unregister, ("ClientId",))),
        (
            "ListDeviceCredentialClientId",
            Operation(credentials.list_client_ids, ("GroupId", "PageSize")),
        ),
        _group("CreateGroupId", groups.create, "GroupId", failed="CreateGroupIdError"),
        _group("DeleteGroupId", groups.delete, "GroupId", failed="DeleteGroupIdError"),
        _group("ListGroupId", groups.list_all),
        ("ListInstances", Operation(instances.list_all, of_instance=False)),
        ("QuerySessionByClientId", Operation(sessions.query, ("ClientId",))),
        _own("BatchQuerySessionByClientIds", sessions.query_batch, "ClientIdList"),
        _own("SendMessage", sessions.send_message, "MqttTopic", "Payload", failed="SendMessageFailed"),
        _own("CloseConnection", sessions.close_connection, "ClientId"),
        _own("QueryMqttTraceDevice", traces.of_device, "ClientId", *_PAGED),
        _own("QueryMqttTraceMessageOfClient", traces.messages_of_client, "ClientId", *_PAGED),
        _own("QueryMqttTraceMessagePublish", traces.published, "MsgId", *_WINDOW),
        _own("QueryMqttTraceMessageSubscribe", traces.received, "MsgId", *_PAGED),
        _own("AddCustomAuthConnectBlack", black_list.add, "ClientId"),
        _own("DeleteCustomAuthConnectBlack", black_list.delete, "ClientId"),
        _own("QueryCustomAuthConnectBlack", black_list.query, "Size"),
    )
)

NOT_MODELLED = frozenset(
    [
        "ActiveCaCertificate",
        "ActiveDeviceCertificate",
        "AddCustomAuthIdentity",
        "AddCustomAuthPermission",
        "DeleteCaCertificate",
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
        "ListTagResources",
        "QueryCustomAuthIdentity",
        "QueryCustomAuthPermission",
        "RegisterCaCertificate",
        "SetSniConfig",
        "TagResources",
        "UntagResources",
        "UpdateCustomAuthIdentity",
        "UpdateCustomAuthPermission",
    ]
)
"""The other operations of SDK 1.7.1."""


_ASSUME_ROLE = Operation(sts.assume_role, ("RoleArn", "RoleSessionName"), of_instance=False, of_product=False)


def find(action: str, version: str) -> Operation:
    """The operation of that name. Raises ApiError for one that the twin, or nobody, knows."""
    if version == VERSION and action in NOT_MODELLED:
        raise ApiError("ApiNotSupport", f"The API {action} is not supported on this instance.")
    if version == VERSION and action in OPERATIONS:
        return OPERATIONS[action]
    if (version, action) == (sts.VERSION, "AssumeRole"):
        return _ASSUME_ROLE
    raise ApiError("InvalidApi.NotFound", "Specified api is not found, please check your url and method.")


def call(world: World, operation: Operation, account: Account, params: Params) -> dict[str, Any]:
    """Run it for an account; the fields of its answer without RequestId. Raises ApiError."""
    of_instance = ("InstanceId",) if operation.of_instance else ()
    for name in (*operation.needs, *of_instance):
        if not params.get(name) and not any(key.startswith(name + ".") for key in params):
            raise missing(name)
    instance_id = params["InstanceId"] if operation.of_instance else world.state.instance_id
    if operation.of_product:
        rights.check(account, operation.rights, instance_id, world.settings.permission_code)
    if instance_id != world.state.instance_id:
        raise ApiError("InstanceNotFound", "The instance does not exist, or is not yours.")
    try:
        return operation.run(world, params)
    except ValueError as error:
        # The shared rules for IDs and topics name the rule, never the value.
        raise bad("value", str(error)) from None
