"""The four trace queries through the SDK: what a client did, what became of a message."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.packets import Disconnect, Puback, Publish
from tests.twin.api_calls import ALGORITHMS, call, client_of, page, window
from tests.twin.calls import refused
from tests.twin.conftest import GROUP, credentials_for, new_client_id
from tests.twin.saying import subscribed
from tests.twin.wire import Wire

Start = Callable[..., TwinThread]
Login = Callable[..., Wire]
BAD = (400, "ParameterCheckFailed")


def device(twin: TwinThread, client_id: str, algorithm: str | None = None, **changed: Any) -> Any:
    client = client_of(twin, signature_algorithm=algorithm)
    fields = {**page(**changed), "client_id": client_id, "instance_id": twin.instance_id}
    return call(client, "QueryMqttTraceDevice", **fields)


def messages(twin: TwinThread, client_id: str, algorithm: str | None = None, **changed: Any) -> Any:
    client = client_of(twin, signature_algorithm=algorithm)
    fields = {**page(**changed), "client_id": client_id, "instance_id": twin.instance_id}
    return call(client, "QueryMqttTraceMessageOfClient", **fields)


def published(twin: TwinThread, msg_id: str, algorithm: str | None = None) -> list[dict[str, Any]]:
    client = client_of(twin, signature_algorithm=algorithm)
    body = call(
        client, "QueryMqttTraceMessagePublish", **window(), msg_id=msg_id, instance_id=twin.instance_id
    )
    return [each.to_map() for each in body.message_trace_lists]


def received(twin: TwinThread, msg_id: str, algorithm: str | None = None, **changed: Any) -> Any:
    client = client_of(twin, signature_algorithm=algorithm)
    fields = {**page(**changed), "msg_id": msg_id, "instance_id": twin.instance_id}
    return call(client, "QueryMqttTraceMessageSubscribe", **fields)


def send(twin: TwinThread, topic: str) -> str:
    body = call(client_of(twin), "SendMessage", instance_id=twin.instance_id, mqtt_topic=topic, payload="x")
    return str(body.msg_id)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_connections_of_a_client(twin: TwinThread, connect_as: Login, algorithm: str | None) -> None:
    connect = credentials_for(twin, new_client_id())
    wire = connect_as(twin, connect)
    wire.send(Disconnect())
    assert wire.is_closed()
    with Wire(twin.mqtt_port) as other:
        other.login(credentials_for(twin, connect.client_id, password=b"wrong"))
    body = device(twin, connect.client_id, algorithm)
    first, *_ = events = [each.to_map() for each in body.device_info_list]
    assert [(each["Action"], each["ActionCode"], each["ActionInfo"]) for each in events] == [
        ("connect", "mqtt.trace.action.connect", "accepted"),
        ("disconnect", "mqtt.trace.action.disconnect", "disconnected by client"),
        ("close", "mqtt.trace.action.close", "closed by client"),
        ("close", "mqtt.trace.action.close", "not authorized"),
    ]
    assert events[0]["ChannelId"] == events[1]["ChannelId"] != events[3]["ChannelId"]
    assert isinstance(first["Time"], str)
    assert window()["begin_time"] < int(first["Time"]) < window()["end_time"]
    assert (body.current_page, body.page_size, body.total) == (1, 100, 4)


def infos(body: Any) -> list[str]:
    return [each.action for each in body.device_info_list]


def test_pages_and_reverse(twin: TwinThread, connect_as: Login) -> None:
    connect = credentials_for(twin, new_client_id())
    for _ in range(2):
        wire = connect_as(twin, connect)
        wire.send(Disconnect())
        assert wire.is_closed()
    story = ["connect", "disconnect", "close"] * 2
    pages = [device(twin, connect.client_id, page_size=4, current_page=number) for number in (1, 2, 3)]
    assert [infos(each) for each in pages] == [story[:4], story[4:], []]
    assert {(each.page_size, each.total) for each in pages} == {(4, 6)}
    assert infos(device(twin, connect.client_id, reverse=False)) == story
    backwards = device(twin, connect.client_id, reverse=True, page_size=2)
    assert infos(backwards) == ["close", "disconnect"]
    times = [int(each.time) for each in device(twin, connect.client_id).device_info_list]
    exact = device(twin, connect.client_id, begin_time=times[0], end_time=times[-1])
    assert infos(exact) == story
    assert infos(device(twin, connect.client_id, begin_time=0, end_time=times[0] - 1)) == []
    assert infos(device(twin, connect.client_id, begin_time=times[-1] + 1)) == []
    assert infos(device(twin, new_client_id())) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"page_size": 0}, "ParameterCheckFailed"),
        ({"page_size": 101}, "ParameterCheckFailed"),
        ({"current_page": 0}, "ParameterCheckFailed"),
        ({"begin_time": 5, "end_time": 4}, "ParameterCheckFailed"),
        ({"begin_time": -1}, "ParameterCheckFailed"),
        ({"page_size": "ten"}, "InvalidParameter.PageSize"),
        ({"current_page": "1.0"}, "InvalidParameter.CurrentPage"),
        ({"begin_time": "now"}, "InvalidParameter.BeginTime"),
        ({"end_time": "9" * 20}, "InvalidParameter.EndTime"),
        ({"reverse": "maybe"}, "InvalidParameter.Reverse"),
    ],
)
def test_what_the_queries_refuse(twin: TwinThread, changed: dict[str, Any], code: str) -> None:
    queries: list[Callable[..., Any]] = [device, messages, received]
    for query in queries:
        assert refused(lambda q, fields: q(twin, "GID_test@@@1", **fields), query, changed) == (400, code)


def test_a_span_that_is_too_long(start_twin: Start) -> None:
    twin = start_twin(settings=Settings(trace_span_max_s=86_400))
    assert refused(lambda ends: device(twin, "GID_test@@@1", **ends), {"begin_time": 0}) == BAD
    assert infos(device(twin, "GID_test@@@1", begin_time=0, end_time=86_400_000)) == []


@pytest.fixture(scope="module")
def busy() -> Iterator[TwinThread]:
    with TwinThread(groups=[GROUP]) as running:
        yield running


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_message_from_its_publisher_to_its_receivers(
    busy: TwinThread, connect_as: Login, algorithm: str | None
) -> None:
    sender, one, two = (connect_as(busy) for _ in range(3))
    topic = f"devcred/{algorithm}"
    for wire in (one, two):
        subscribed(wire, (topic, 1))
    sender.send(Publish(topic, b"x", 1, packet_id=1))
    assert sender.receive() == Puback(1)
    for wire in (one, two):
        assert isinstance(wire.receive(), Publish)
    (sent,) = [each.to_map() for each in messages(busy, sender.client_id, algorithm).message_of_client_list]
    assert {**sent, "Time": ""} == {
        "Action": "pub_mqtt",
        "ActionCode": "mqtt.trace.action.msg.pub.mqtt",
        "ActionInfo": "Pub From Mqtt Client",
        "ClientId": sender.client_id,
        "MsgId": sent["MsgId"],
        "Time": "",
    }
    assert isinstance(sent["Time"], str)
    assert published(busy, sent["MsgId"], algorithm) == [sent]
    body = received(busy, sent["MsgId"], algorithm)
    assert {each.client_id for each in body.message_trace_lists} == {one.client_id, two.client_id}
    assert {each.action for each in body.message_trace_lists} == {"sub"}
    assert body.total == 2
    (mine,) = received(busy, sent["MsgId"], algorithm, client_id=two.client_id).message_trace_lists
    assert (mine.client_id, mine.action_info) == (two.client_id, "Push To Mqtt Client")
    got = messages(busy, one.client_id, algorithm).message_of_client_list
    assert [(each.msg_id, each.action) for each in got] == [(sent["MsgId"], "sub")]


def test_a_message_of_the_server_that_waits(busy: TwinThread, connect_as: Login) -> None:
    connect = credentials_for(busy, new_client_id(), clean_session=False)
    wire = connect_as(busy, connect)
    wire.send(Disconnect())
    assert wire.is_closed()
    msg_id = send(busy, f"devcred/p2p/{connect.client_id}")
    assert received(busy, msg_id).message_trace_lists == []
    (source,) = published(busy, msg_id)
    assert (source["Action"], source["ActionCode"]) == ("pub_mq", "mqtt.trace.action.msg.pub.mq")
    assert isinstance(connect_as(busy, connect).receive(), Publish)
    (step,) = received(busy, msg_id).message_trace_lists
    assert (step.action, step.action_code, step.client_id) == (
        "push_offline",
        "mqtt.trace.action.msg.push.offline",
        connect.client_id,
    )
    assert published(busy, "0" * 32) == []
