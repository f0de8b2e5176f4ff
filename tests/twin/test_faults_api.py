"""Faults at operations, as the official SDK meets them; and how faults are set over HTTP."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import MutableMapping
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException, ThrottlingException
from starlette.applications import Starlette

from host_tools.twin import TwinThread
from host_tools.twin.faults import FaultBook
from host_tools.twin.faults.http import PATH, routes
from tests.twin.calls import get, is_online, register
from tests.twin.conftest import new_client_id

REGISTER = "RegisterDeviceCredential"


def has_credential(twin: TwinThread, client_id: str) -> bool:
    return client_id in twin.twin.state.credentials


def call(twin: TwinThread, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """One request to the faults' own interface; the status and the JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", twin.api_port, timeout=3)
    kind = {"Content-Type": "application/json"} if method == "POST" else {}
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    connection.request(method, path, data, {**kind, **headers})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text else None


# What becomes of an operation.


def test_an_answer_that_comes_late_comes_after_the_effect(faulty: TwinThread) -> None:
    client_id = new_client_id()
    number = faulty.faults.add(where="api", what="late", operation=REGISTER, delay_ms=300)
    answers: list[Any] = []
    started = time.monotonic()
    caller = threading.Thread(target=lambda: answers.append(register(faulty, client_id)))
    caller.start()
    faulty.faults.wait_hit(number)
    while not has_credential(faulty, client_id):
        assert time.monotonic() < started + 3
        time.sleep(0.005)
    assert not answers
    caller.join(3)
    assert answers[0].client_id == client_id
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(("what", "takes_effect"), [("lost", True), ("lost-before", False)])
def test_an_answer_is_lost(faulty: TwinThread, what: str, takes_effect: bool) -> None:
    client_id = new_client_id()
    faulty.faults.add(where="api", what=what, operation=REGISTER)
    with pytest.raises(Exception, match="(?i)connection|remote end") as caught:
        register(faulty, client_id)
    assert not isinstance(caught.value, ClientException | ServerException)
    assert has_credential(faulty, client_id) is takes_effect


def test_a_lost_answer_is_a_connection_cut_without_a_byte(faulty: TwinThread) -> None:
    faulty.faults.add(where="api", what="lost")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        call(faulty, "GET", "/")


def test_throttled(faulty: TwinThread) -> None:
    faulty.faults.add(where="api", what="throttle", delay_ms=2500)
    with pytest.raises(ThrottlingException) as caught:
        is_online(faulty, new_client_id())
    assert (caught.value.code, caught.value.retry_after) == ("Throttling.User", 2500)


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_of_the_server(faulty: TwinThread, status: int) -> None:
    client_id = new_client_id()
    faulty.faults.add(where="api", what="error", status=status, error_code="SystemBusy")
    with pytest.raises(ServerException) as caught:
        register(faulty, client_id)
    assert (caught.value.status_code, caught.value.code) == (status, "SystemBusy")
    assert not has_credential(faulty, client_id)


def test_an_answer_of_garbage(faulty: TwinThread) -> None:
    faulty.faults.add(where="api", what="garbage", size_bytes=30)
    connection = http.client.HTTPConnection("127.0.0.1", faulty.api_port, timeout=3)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert answer.status == 200 and len(answer.read()) == 30
    connection.close()
    faulty.faults.add(where="api", what="garbage")
    with pytest.raises(Exception, match="."):
        register(faulty, new_client_id())


def test_a_body_that_drips(faulty: TwinThread) -> None:
    credential = register(faulty, new_client_id())
    faulty.faults.add(where="api", what="slow", bytes_per_s=3000)
    started = time.monotonic()
    assert get(faulty, credential.client_id).device_access_key_id == credential.device_access_key_id
    assert time.monotonic() - started >= 0.08


def test_an_operation_that_begins_late(faulty: TwinThread) -> None:
    client_id = new_client_id()
    faulty.faults.add(where="api", what="delay", client_id=client_id, delay_ms=80)
    started = time.monotonic()
    assert register(faulty, new_client_id())
    quick_s = time.monotonic() - started
    assert register(faulty, client_id)
    assert time.monotonic() - started - quick_s >= 0.08


def test_the_old_signature_carries_the_operation_in_its_query(faulty: TwinThread) -> None:
    faulty.faults.add(where="api", what="error", operation="ListGroupId")
    assert call(faulty, "GET", "/?Action=ListInstances")[0] == 400
    status, body = call(faulty, "GET", "/?Action=ListGroupId")
    assert (status, body["Code"]) == (503, "ServiceUnavailable")


def test_other_operations_are_left_alone(faulty: TwinThread) -> None:
    faulty.faults.add(where="api", what="lost", operation=REGISTER)
    assert not is_online(faulty, new_client_id())


# The interface over HTTP.


def test_a_fault_is_set_shown_waited_for_and_removed(faulty: TwinThread) -> None:
    status, made = call(
        faulty, "POST", "/twin/faults", {"where": "api", "what": "error", "operation": REGISTER}
    )
    assert status == 201 and (made["hits"], made["over"]) == (0, False)
    path = f"/twin/faults/{made['number']}"
    assert call(faulty, "GET", "/twin/faults")[1]["faults"] == [made]
    assert call(faulty, "GET", path + "?hits=1&timeout_s=0.02")[0] == 408
    with pytest.raises(ServerException):
        register(faulty, new_client_id())
    status, shown = call(faulty, "GET", path + "?hits=1")
    assert status == 200 and shown == {**made, "met": 1, "hits": 1, "over": True}
    assert call(faulty, "DELETE", path) == (204, None)
    assert call(faulty, "GET", path)[0] == call(faulty, "DELETE", path)[0] == 404
    call(faulty, "POST", "/twin/faults", {"where": "out", "what": "drop"})
    assert call(faulty, "DELETE", "/twin/faults") == (204, None)
    assert call(faulty, "GET", "/twin/faults") == (200, {"seed": faulty.faults.seed, "faults": []})


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"{", "body: is not JSON"),
        (b"[" * 50_000, "body: is not JSON"),
        ({"where": "out", "what": "drop", "nth": 0}, "nth: must be from 1"),
        ({"where": "out", "what": "drop", "packets": "PUBACK"}, "packets: is no field"),
        ([], "fault: must be a JSON object"),
    ],
)
def test_bad_input_is_one_line_that_names_the_field(faulty: TwinThread, body: Any, line: str) -> None:
    status, answer = call(faulty, "POST", "/twin/faults", body)
    assert status == 400 and answer["error"].startswith(line)
    assert "\n" not in answer["error"]
    assert not faulty.faults.list()


def test_a_listener_is_shut_and_opened_over_http(faulty: TwinThread) -> None:
    fault = {"where": "listener", "what": "refuse", "listener": "mqtt"}
    status, made = call(faulty, "POST", "/twin/faults", fault)
    assert (status, made["hits"]) == (201, 1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", faulty.mqtt_port), 3)
    assert call(faulty, "DELETE", "/twin/faults")[0] == 204
    socket.create_connection(("127.0.0.1", faulty.mqtt_port), 3).close()


def test_a_web_page_cannot_set_faults(faulty: TwinThread) -> None:
    fault = {"where": "out", "what": "drop"}
    assert call(faulty, "POST", "/twin/faults", fault, Origin="http://example.com")[0] == 403
    status, answer = call(faulty, "POST", "/twin/faults", fault, **{"Content-Type": "text/plain"})
    assert (status, answer["error"]) == (400, "content-type: must be application/json")
    assert call(faulty, "POST", "/twin/faults", b" " * 70_000)[0] == 413
    assert call(faulty, "GET", "/twin/faults/x")[0] == 404
    assert call(faulty, "GET", "/twin/faults/1?hits=x")[0] in (400, 404)
    assert not faulty.faults.list()


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.9", 200), ("::1", 200), ("192.0.2.1", 403), ("x", 403)]
)
def test_faults_are_set_from_this_computer_alone(host: str, status: int) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": PATH, "query_string": b"", "headers": []}
    asyncio.run(Starlette(routes=routes(FaultBook()))({**scope, "client": (host, 5)}, receive, send))
    assert sent[0]["status"] == status
