"""What the control plane refuses before an operation sees it, through the SDK and by hand."""

import http.client
import json
import re
import time
from collections.abc import Callable
from typing import Any

from alibabacloud_onsmqtt20200420 import client as sdk_module
from alibabacloud_onsmqtt20200420 import models as m

from host_tools.twin import Settings, TwinThread
from host_tools.twin.api.operations import NOT_MODELLED, OPERATIONS
from tests.twin.api_calls import rpc
from tests.twin.calls import refused, register
from tests.twin.conftest import new_client_id, sdk
from tests.twin.wire import Wire

Start = Callable[..., TwinThread]
Login = Callable[..., Wire]


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
    codes = m.GetRegisterCodeRequest(mqtt_instance_id=twin.instance_id)
    assert refused(sdk(twin).get_register_code, codes) == (404, "ApiNotSupport")
    identity = m.AddCustomAuthIdentityRequest(client_id="GID_test@@@1", instance_id=twin.instance_id)
    assert refused(sdk(twin).add_custom_auth_identity, identity) == (404, "ApiNotSupport")


def test_every_operation_of_the_sdk_is_known() -> None:
    assert sdk_module.__file__
    with open(sdk_module.__file__, encoding="utf-8") as file:
        names = set(re.findall(r"action='(\w+)'", file.read()))
    assert len(names) == 50
    assert names == OPERATIONS.keys() | NOT_MODELLED
    assert not OPERATIONS.keys() & NOT_MODELLED


def test_an_unknown_action_and_version(twin: TwinThread) -> None:
    def call(action: str, version: str) -> Any:
        return rpc(sdk(twin), action, version, {"InstanceId": twin.instance_id})

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
