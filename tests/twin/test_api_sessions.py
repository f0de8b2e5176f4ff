"""Sessions, the black list and the list of instances, through the SDK."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from host_tools.twin import Settings, TwinThread
from host_tools.twin.api.world import Statuses
from host_tools.twin.clock import ManualClock
from tests.twin.api_calls import ALGORITHMS, call, client_of
from tests.twin.calls import refused
from tests.twin.conftest import GROUP, credentials_for, new_client_id
from tests.twin.wire import Wire

Start = Callable[..., TwinThread]
Login = Callable[..., Wire]
BAD = (400, "ParameterCheckFailed")


# BatchQuerySessionByClientIds.


def batch(twin: TwinThread, client_ids: list[str], algorithm: str | None = None) -> dict[str, bool]:
    client = client_of(twin, signature_algorithm=algorithm)
    body = call(
        client, "BatchQuerySessionByClientIds", instance_id=twin.instance_id, client_id_list=client_ids
    )
    assert [each.client_id for each in body.online_status_list] == client_ids
    return {each.client_id: each.online_status for each in body.online_status_list}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_ten_clients_at_once(twin: TwinThread, connect_as: Login, algorithm: str | None) -> None:
    online = [connect_as(twin).client_id for _ in range(2)]
    absent = [new_client_id() for _ in range(8)]
    asked = [absent[0], *online, *absent[1:]]
    assert batch(twin, asked, algorithm) == {each: each in online for each in asked}
    assert refused(batch, twin, [*asked, new_client_id()], algorithm) == BAD
    assert refused(batch, twin, ["", *online], algorithm) == BAD


def test_an_answer_from_a_cache(start_twin: Start, connect_as: Login) -> None:
    clock = ManualClock(time.time())
    twin = start_twin(clock=clock, settings=Settings(batch_query_age_s=5))
    connect = credentials_for(twin, new_client_id())
    client_id = connect.client_id
    assert not batch(twin, [client_id])[client_id]
    connect_as(twin, connect)
    clock.advance(4)
    assert not batch(twin, [client_id])[client_id]
    exact = call(client_of(twin), "QuerySessionByClientId", instance_id=twin.instance_id, client_id=client_id)
    assert exact.online_status
    clock.advance(1)
    assert batch(twin, [client_id])[client_id]


def test_what_was_said_is_forgotten_in_time() -> None:
    statuses, asked = Statuses(limit=2), []

    def ask(client_id: str) -> bool:
        asked.append(client_id)
        return True

    for client_id in ("a", "b", "b", "c", "a"):
        assert statuses.get(client_id, 0, 5, ask)
    assert asked == ["a", "b", "c", "a"]  # c took a's place


# The black list.


def add(twin: TwinThread, client_id: str, algorithm: str | None = None) -> Any:
    client = client_of(twin, signature_algorithm=algorithm)
    return call(client, "AddCustomAuthConnectBlack", instance_id=twin.instance_id, client_id=client_id)


def delete(twin: TwinThread, client_id: str, algorithm: str | None = None) -> Any:
    client = client_of(twin, signature_algorithm=algorithm)
    return call(client, "DeleteCustomAuthConnectBlack", instance_id=twin.instance_id, client_id=client_id)


def black(twin: TwinThread, algorithm: str | None = None, **fields: Any) -> Any:
    client = client_of(twin, signature_algorithm=algorithm)
    fields = {"instance_id": twin.instance_id, "size": 100, **fields}
    return call(client, "QueryCustomAuthConnectBlack", **fields).data


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_black_list(start_twin: Start, algorithm: str | None) -> None:
    twin = start_twin()
    one, two = f"{GROUP}@@@one", f"{GROUP}@@@two"
    for client_id in (two, one, one):
        body = add(twin, client_id, algorithm)
        assert (body.code, body.success, body.message) == (200, True, "operation success.")
    assert [each.to_map() for each in black(twin, algorithm).results] == [
        {"ClientId": each, "Effect": "DENY", "PermitAction": "CONNECT"} for each in (one, two)
    ]
    assert [each.client_id for each in black(twin, algorithm, client_id=two).results] == [two]
    assert black(twin, algorithm, client_id="GID_test@@@three").results == []
    assert delete(twin, one, algorithm).success
    assert delete(twin, one, algorithm).success
    assert list(twin.call(lambda: list(twin.twin.state.black_list))) == [two]


def test_the_black_list_in_pages(start_twin: Start) -> None:
    twin = start_twin()
    ids = [f"{GROUP}@@@{number:02}" for number in range(7)]
    for client_id in ids:
        twin.call(twin.twin.state.add_black, client_id)
    found: list[str] = []
    token = ""
    for expected in (3, 3, 1):
        data = black(twin, size=3, next_token=token)
        assert len(data.results) == expected
        found, token = found + [each.client_id for each in data.results], data.next_token
    assert (found, token) == (ids, "")
    for wrong, code in (
        ({"size": 0}, "ParameterCheckFailed"),
        ({"size": 101}, "ParameterCheckFailed"),
        ({"size": "x"}, "InvalidParameter.Size"),
        ({"next_token": "?"}, "ParameterCheckFailed"),
    ):
        assert refused(lambda fields: black(twin, **fields), wrong) == (400, code)


def test_the_black_list_by_its_rules(start_twin: Start) -> None:
    twin = start_twin(settings=Settings(black_list_max=1, black_list_again="failure"))
    assert refused(add, twin, "no client ID") == BAD
    assert refused(delete, twin, "no client ID") == BAD
    assert not delete(twin, f"{GROUP}@@@one").success
    assert add(twin, f"{GROUP}@@@one").success
    again = add(twin, f"{GROUP}@@@one")
    assert (again.code, again.success) == (400, False)
    assert refused(add, twin, f"{GROUP}@@@two") == (400, "Customauth.over.capacity")


# ListInstances.


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_instance_in_the_list(twin: TwinThread, algorithm: str | None) -> None:
    client = client_of(twin, signature_algorithm=algorithm)
    body = call(client, "ListInstances")
    assert (body.code, body.success, body.message) == ("200", "true", "operation success.")
    (instance,) = body.instances
    assert instance.instance_id == twin.instance_id
    assert abs(instance.create_time / 1000 - time.time()) < 600
    assert instance.expire_time > instance.create_time
    assert (instance.region_id, instance.mqtt_tags) == ("cn-hangzhou", [])
    assert call(client, "ListInstances", tags="[]").instances
    assert call(client, "ListInstances", tags='[{"key":"a","value":"b"}]').instances == []


@pytest.mark.parametrize("tags", ["{}", "tag", "[" * 5000, "7"])
def test_tags_that_are_none(twin: TwinThread, tags: str) -> None:
    assert refused(lambda text: call(client_of(twin), "ListInstances", tags=text), tags) == (
        400,
        "InvalidParameter.Tags",
    )
