"""The control plane through Alibaba Cloud's own SDK: every operation, and each error it can meet."""

import http.client
import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_onsmqtt20200420 import client as sdk_module
from alibabacloud_onsmqtt20200420 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException

from devcred import signing
from host_tools.twin import Settings, TwinThread
from host_tools.twin.api.operations import NOT_MODELLED, OPERATIONS
from host_tools.twin.broker.packets import Connect, Publish
from host_tools.twin.trace import Info
from tests.twin.conftest import GROUP, new_client_id, sdk
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


# Credentials.


def test_a_credential_from_register_to_unregister(twin: TwinThread) -> None:
    client_id = new_client_id()
    first = register(twin, client_id)
    assert (first.client_id, first.instance_id) == (client_id, twin.instance_id)
    assert re.fullmatch(r"DC\.[\w-]{22}", first.device_access_key_id)
    assert re.fullmatch(r"DC\.[\w-]{22}", first.device_access_key_secret)
    assert abs(first.create_time / 1000 - time.time()) < 60
    assert get(twin, client_id).to_map() == first.to_map()
    assert login_code(twin, first) == 0

    second = refresh(twin, client_id)
    assert second.create_time == first.create_time <= second.update_time
    assert second.device_access_key_id != first.device_access_key_id
    assert second.device_access_key_secret != first.device_access_key_secret
    assert [login_code(twin, each) for each in (first, second)] == [5, 0]

    third = register(twin, client_id)
    assert [login_code(twin, each) for each in (first, second, third)] == [5, 5, 0]

    assert unregister(twin, client_id).request_id
    assert login_code(twin, third) == 5
    for operation in (get, refresh, unregister):
        assert refused(operation, twin, client_id) == (400, "ParameterCheckFailed")


def test_unregister_and_refresh_leave_a_live_connection_alone(twin: TwinThread, connect_as: Login) -> None:
    client_id = new_client_id()
    wire = connect_as(twin, connect_with(twin, register(twin, client_id)))
    refresh(twin, client_id)
    unregister(twin, client_id)
    assert wire.is_quiet()
    assert is_online(twin, client_id)


def test_the_other_readings(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin(
        groups=[],
        settings=Settings(
            register_again="same-pair",
            register_needs_group=False,
            refresh="secret-only",
            refresh_connection="close",
            missing_credential_http=404,
        ),
    )
    client_id = "GID_late@@@1"
    assert refused(get, twin, client_id) == (404, "ParameterCheckFailed")
    first = register(twin, client_id)
    assert register(twin, client_id).to_map() == first.to_map()
    assert login_code(twin, first) == 2  # the group is not there yet
    twin.call(twin.twin.state.add_group, "GID_late")
    wire = connect_as(twin, connect_with(twin, first))
    second = refresh(twin, client_id)
    assert wire.is_closed()
    assert second.device_access_key_id == first.device_access_key_id
    assert second.device_access_key_secret != first.device_access_key_secret


@pytest.mark.parametrize("client_id", ["dev1", "GID_test@@@" + "x" * 60, "GID_test@@@a b", "GID_nobody@@@a"])
def test_register_checks_the_client_id(twin: TwinThread, client_id: str) -> None:
    assert refused(register, twin, client_id) == (400, "ParameterCheckFailed")


def page_of(twin: TwinThread, **fields: str) -> Any:
    request = m.ListDeviceCredentialClientIdRequest(
        group_id="GID_paged", instance_id=twin.instance_id, **fields
    )
    return sdk(twin).list_device_credential_client_id(request).body.device_credential_client_id_list


def test_client_ids_come_in_pages_by_number_and_by_token(start_twin: Start) -> None:
    twin = start_twin(groups=["GID_paged", GROUP])
    ids = [f"GID_paged@@@{number:02}" for number in range(25)]
    for client_id in [*reversed(ids), f"{GROUP}@@@00"]:
        twin.call(twin.twin.state.new_credential, client_id)
    first, last, beyond = (page_of(twin, page_no=number, page_size="10") for number in ("1", "3", "4"))
    assert first.to_map() | {"NextToken": ""} == {
        "ClientIdList": ids[:10],
        "NextToken": "",
        "PageNo": "1",
        "PageSize": "10",
        "Total": "25",
    }
    assert (last.client_id_list, last.next_token) == (ids[20:], "")
    assert (beyond.client_id_list, beyond.next_token) == ([], "")
    found, token = list(first.client_id_list), first.next_token
    while token:
        page = page_of(twin, page_size="10", next_token=token)
        found, token = found + page.client_id_list, page.next_token
    assert found == ids
    for bad in (
        {"page_size": "0"},
        {"page_size": "101"},
        {"page_size": "x"},
        {"page_size": "5", "next_token": "?"},
    ):
        assert refused(lambda fields: page_of(twin, **fields), bad) == (400, "ParameterCheckFailed")
    assert refused(page_of, twin) == (400, "MissingPageSize")


# Groups.


def test_groups(start_twin: Start) -> None:
    twin = start_twin(groups=[])
    client, instance = sdk(twin), twin.instance_id

    def create(group_id: str) -> Any:
        return client.create_group_id(m.CreateGroupIdRequest(group_id=group_id, instance_id=instance))

    def delete(group_id: str) -> Any:
        return client.delete_group_id(m.DeleteGroupIdRequest(group_id=group_id, instance_id=instance))

    create("GID_one")
    create("GID-two")
    assert refused(create, "GID_one") == (400, "GroupIdAlreadyExsited")
    assert refused(create, "one") == (400, "ParameterCheckFailed")
    listed = client.list_group_id(m.ListGroupIdRequest(instance_id=instance)).body.data
    assert [group.group_id for group in listed] == ["GID_one", "GID-two"]
    assert listed[0].instance_id == instance
    assert abs(listed[0].create_time / 1000 - time.time()) < 60
    delete("GID_one")
    assert twin.groups == ("GID-two",)
    assert refused(delete, "GID_one") == (400, "ParameterCheckFailed")


# Sessions and messages.


def send_message(twin: TwinThread, topic: str, payload: str) -> str:
    request = m.SendMessageRequest(instance_id=twin.instance_id, mqtt_topic=topic, payload=payload)
    return str(sdk(twin).send_message(request).body.msg_id)


AWKWARD = "é+/~*&=%25 \n{}"


@pytest.mark.parametrize(
    "payload", ["ping", AWKWARD, "x" * 65536, "é" * 32768], ids=["plain", "odd", "64 KB", "é"]
)
def test_send_message_arrives_as_it_was_sent(twin: TwinThread, connect_as: Login, payload: str) -> None:
    client_id = new_client_id()
    wire = connect_as(twin, connect_with(twin, register(twin, client_id)))
    assert re.fullmatch(r"[0-9A-F]{32}", send_message(twin, f"devcred/p2p/{client_id}", payload))
    message = wire.receive()
    assert isinstance(message, Publish)
    assert (message.topic, message.payload.decode(), message.qos) == (f"devcred/p2p/{client_id}", payload, 1)


@pytest.mark.parametrize("topic", ["nowhere/a", "devcred/#", "devcred/" + "x" * 60, "$SYS/a"])
def test_send_message_keeps_the_rules_for_topics(twin: TwinThread, topic: str) -> None:
    assert refused(send_message, twin, topic, "x") == (400, "ParameterCheckFailed")


def test_send_message_takes_64_kb_at_most(twin: TwinThread) -> None:
    assert refused(send_message, twin, "devcred/a", "x" * 65537) == (400, "ParameterCheckFailed")


@pytest.mark.parametrize(("absent", "success"), [("success", True), ("failure", False)])
def test_close_connection(start_twin: Start, connect_as: Login, absent: str, success: bool) -> None:
    twin, client_id = start_twin(settings=Settings(close_absent=absent)), new_client_id()

    def close() -> Any:
        request = m.CloseConnectionRequest(client_id=client_id, instance_id=twin.instance_id)
        return sdk(twin).close_connection(request).body

    connect = connect_with(twin, register(twin, client_id))
    assert not is_online(twin, client_id)
    wire = connect_as(twin, connect)
    assert is_online(twin, client_id)
    answer = close()
    assert (answer.code, answer.success) == (200, True)
    assert wire.is_closed()
    assert not is_online(twin, client_id)
    assert twin.trace[-1].info is Info.BY_SERVER  # nobody else is on this twin
    assert close().success is success
    connect_as(twin, connect)  # it may come back at once


# What the gateway refuses.


def test_wrong_and_unknown_access_keys(twin: TwinThread) -> None:
    request = m.ListGroupIdRequest(instance_id=twin.instance_id)
    wrong = sdk(twin, access_key_secret="wrong")
    assert refused(wrong.list_group_id, request) == (400, "SignatureDoesNotMatch")
    unknown = sdk(twin, access_key_id="LTAIunknown")
    assert refused(unknown.list_group_id, request) == (404, "InvalidAccessKeyId.NotFound")


def test_a_stale_clock(start_twin: Start) -> None:
    twin = start_twin(clock=lambda: time.time() + 3600)
    assert refused(register, twin, new_client_id()) == (400, "InvalidTimeStamp.Expired")
    lenient = start_twin(clock=lambda: time.time() + 3600, settings=Settings(check_replay=False))
    register(lenient, new_client_id())


def test_another_instance_and_missing_parameters(twin: TwinThread) -> None:
    call = sdk(twin).list_group_id
    assert refused(call, m.ListGroupIdRequest(instance_id="mqtt-cn-other")) == (400, "InstanceNotFound")
    assert refused(call, m.ListGroupIdRequest()) == (400, "MissingInstanceId")
    request = m.GetDeviceCredentialRequest(instance_id=twin.instance_id)
    assert refused(sdk(twin).get_device_credential, request) == (400, "MissingClientId")


def test_operations_that_are_not_modelled_say_so(twin: TwinThread) -> None:
    request = m.ApplyTokenRequest(
        actions="R", expire_time=1, instance_id=twin.instance_id, resources="devcred"
    )
    assert refused(sdk(twin).apply_token, request) == (404, "ApiNotSupport")
    black = m.AddCustomAuthConnectBlackRequest(client_id="GID_test@@@1", instance_id=twin.instance_id)
    assert refused(sdk(twin).add_custom_auth_connect_black, black) == (404, "ApiNotSupport")
    codes = m.GetRegisterCodeRequest(mqtt_instance_id=twin.instance_id)
    assert refused(sdk(twin).get_register_code, codes) == (404, "ApiNotSupport")


def test_every_operation_of_the_sdk_is_known() -> None:
    assert sdk_module.__file__
    with open(sdk_module.__file__, encoding="utf-8") as file:
        names = set(re.findall(r"action='(\w+)'", file.read()))
    assert len(names) == 50
    assert names == OPERATIONS.keys() | NOT_MODELLED
    assert not OPERATIONS.keys() & NOT_MODELLED


def test_an_unknown_action_and_version(twin: TwinThread) -> None:
    from alibabacloud_tea_openapi.models import OpenApiRequest, Params
    from darabonba.runtime import RuntimeOptions  # type: ignore[import-untyped]

    def call(action: str, version: str) -> Any:
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
        return sdk(twin).call_api(
            params, OpenApiRequest(query={"InstanceId": twin.instance_id}), RuntimeOptions()
        )

    assert call("ListGroupId", "2020-04-20")["statusCode"] == 200
    assert refused(call, "MakeCoffee", "2020-04-20") == (404, "InvalidApi.NotFound")
    assert refused(call, "ListGroupId", "2019-12-10") == (404, "InvalidApi.NotFound")


# What only a hand-made request can do.


def raw(twin: TwinThread, method: str, target: str, body: bytes = b"") -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", twin.api_port, timeout=5)
    try:
        connection.request(method, target, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def test_requests_without_a_signature_are_answered_in_the_services_shape(twin: TwinThread) -> None:
    status, answer = raw(twin, "POST", "/?Action=ListGroupId")
    assert (status, answer["Code"]) == (400, "IncompleteSignature")
    assert answer.keys() == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", answer["RequestId"])
    assert answer["HostId"] == twin.endpoint
    assert raw(twin, "GET", "/other")[1]["Code"] == "InvalidApi.NotFound"
    assert raw(twin, "DELETE", "/")[0] == 400


def test_a_huge_body_is_refused_and_the_next_request_served(twin: TwinThread) -> None:
    assert raw(twin, "POST", "/", b"x" * (2 << 20))[0] == 413
    assert raw(twin, "POST", "/")[0] == 400
