"""Every operation through the SDK, in both forms of signature: it works, and it says what is wrong."""

import inspect
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alibabacloud_onsmqtt20200420 import models as m
from alibabacloud_onsmqtt20200420.client import Client

from host_tools.twin import Settings, TwinThread
from host_tools.twin.api.operations import NOT_MODELLED, OPERATIONS
from host_tools.twin.policy import Policy
from tests.twin.api_calls import ALGORITHMS, call, client_of, usual
from tests.twin.calls import refused
from tests.twin.conftest import GROUP

Start = Callable[..., TwinThread]

CLIENT_ID = f"{GROUP}@@@every"
USUAL = usual(CLIENT_ID)
_OWN = {"ListInstances"}
"""Those that name no instance."""


@pytest.fixture(scope="module")
def own_twin() -> Iterator[TwinThread]:
    with TwinThread(groups=[GROUP]) as running:
        running.call(running.twin.state.new_credential, CLIENT_ID)
        yield running


def parameters(twin: TwinThread, operation: str, **changed: Any) -> dict[str, Any]:
    instance = {} if operation in _OWN else {"instance_id": twin.instance_id}
    return {**instance, **USUAL[operation], **changed}


def test_the_table_names_every_operation() -> None:
    assert USUAL.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_operation_works(start_twin: Start, algorithm: str | None) -> None:
    twin = start_twin()
    client = client_of(twin, signature_algorithm=algorithm)
    for operation in USUAL:
        body = call(client, operation, **parameters(twin, operation))
        assert len(body.request_id) == 36, operation
        for name in ("code", "success"):
            assert str(getattr(body, name, None)).lower() in ("none", "200", "true"), operation


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_parameter_that_must_be_there(own_twin: TwinThread, operation: str) -> None:
    client = client_of(own_twin)
    wanted = parameters(own_twin, operation)
    fields = inspect.signature(getattr(m, f"{operation}Request").__init__).parameters
    names = {"".join(part.title() for part in field.split("_")): field for field in fields}
    needs = [*OPERATIONS[operation].needs, *(() if operation in _OWN else ("InstanceId",))]
    for name in needs:
        left = {field: value for field, value in wanted.items() if field != names[name]}
        assert refused(lambda left: call(client, operation, **left), left) == (400, f"Missing{name}")


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - _OWN))
def test_another_instance(own_twin: TwinThread, operation: str) -> None:
    elsewhere = parameters(own_twin, operation, instance_id="mqtt-cn-other")
    for algorithm in ALGORITHMS:
        client = client_of(own_twin, signature_algorithm=algorithm)
        assert refused(lambda c: call(c, operation, **elsewhere), client) == (400, "InstanceNotFound")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_wants_its_own_right(own_twin: TwinThread, operation: str) -> None:
    rights = ("mq:MqttInstanceAccess", *OPERATIONS[operation].rights[:1])
    for missing in rights:
        left = [right for right in rights if right != missing]
        account = own_twin.new_account(policy=Policy.allowing(*left) if left else Policy())
        client = client_of(own_twin, account)
        answer = refused(lambda c: call(c, operation, **parameters(own_twin, operation)), client)
        assert answer == (400, "PermissionCheckFailed"), missing


def every_client(twin: TwinThread) -> list[Client]:
    return [client_of(twin, signature_algorithm=algorithm) for algorithm in ALGORITHMS]


def test_what_the_gateway_refuses_in_both_forms(own_twin: TwinThread) -> None:
    instance = {"instance_id": own_twin.instance_id}
    for algorithm in ALGORITHMS:
        wrong = client_of(own_twin, access_key_secret="wrong", signature_algorithm=algorithm)
        assert refused(lambda c: call(c, "ListGroupId", **instance), wrong) == (400, "SignatureDoesNotMatch")
        unknown = client_of(own_twin, access_key_id="LTAIx", signature_algorithm=algorithm)
        assert refused(lambda c: call(c, "ListGroupId", **instance), unknown) == (
            404,
            "InvalidAccessKeyId.NotFound",
        )


def test_a_clock_that_is_off_in_both_forms(start_twin: Start) -> None:
    twin = start_twin(clock=lambda: time.time() + 901)
    for client in every_client(twin):
        answer = refused(lambda c: call(c, "ListGroupId", instance_id=twin.instance_id), client)
        assert answer == (400, "InvalidTimeStamp.Expired")


@pytest.mark.parametrize("operation", sorted(NOT_MODELLED))
def test_what_is_not_modelled_says_so(own_twin: TwinThread, operation: str) -> None:
    for client in every_client(own_twin):
        assert refused(lambda c: call(c, operation), client) == (404, "ApiNotSupport")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("SendMessage", "SendMessageFailed"),
        ("CreateGroupId", "CreateGroupIdError"),
        ("DeleteGroupId", "DeleteGroupIdError"),
        ("GetDeviceCredential", "InternalError"),
    ],
)
def test_an_operation_that_breaks_down(
    start_twin: Start, operation: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The state taken from under the control plane stands for whatever else could break."""
    twin = start_twin()
    broken: Any = None
    for part in ("groups", "credentials", "_topics", "_black"):
        twin.call(lambda name=part: setattr(twin.twin.state, name, broken))
    for algorithm in ALGORITHMS:
        client = client_of(twin, signature_algorithm=algorithm)
        assert refused(lambda c: call(c, operation, **parameters(twin, operation)), client) == (417, code)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert caplog.records[0].exc_info is None
    assert twin.access_key_secret not in caplog.text


def test_a_refusal_by_the_gateway_names_the_right(start_twin: Start) -> None:
    twin = start_twin(settings=Settings(permission_code="Forbidden.RAM"))
    client = client_of(twin, twin.new_account(policy=Policy.allowing("mq:MqttInstanceAccess")))
    with pytest.raises(Exception, match="not authorized") as caught:
        call(client, "SendMessage", **parameters(twin, "SendMessage"))
    found: Any = caught.value
    assert (found.status_code, found.code) == (403, "Forbidden.RAM")
    assert found.access_denied_detail["AuthAction"] == "mq:SendMessage"
