"""The control plane through Alibaba Cloud's own SDK: every operation, and each error it can meet."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_onsmqtt20200420 import models as m

from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.packets import Publish
from host_tools.twin.trace import Info
from tests.twin.calls import connect_with, get, is_online, login_code, refresh, refused, register, unregister
from tests.twin.conftest import GROUP, new_client_id, sdk
from tests.twin.wire import Wire

Start = Callable[..., TwinThread]
Login = Callable[..., Wire]


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
