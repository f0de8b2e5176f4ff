"""A device proves itself and gets tokens, with which it connects."""

import time

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from host_tools.tokens.policy import spread
from host_tools.twin import TwinThread
from tests.tokens.conftest import GROUP, Clock, Serve, Server, enter, wait_until

DEVICE = f"{GROUP}@@@till-1"


def connack(twin: TwinThread, answer: dict[str, object]) -> str:
    """What the broker says to these tokens."""
    said: list[str] = []

    def connected(client: paho.Client, _data: object, _flags: object, code: object, _more: object) -> None:
        said.append(str(code))
        client.disconnect()

    client = paho.Client(CallbackAPIVersion.VERSION2, str(answer["client_id"]))
    client.username_pw_set(str(answer["username"]), str(answer["password"]))
    client.on_connect = connected
    client.connect("127.0.0.1", twin.mqtt_port)
    client.loop_forever()
    return said[0]


def applied(server: Server) -> float:
    return server.metric('cloud_calls_total{operation="ApplyToken",outcome="ok"}')


def test_a_device_connects_with_what_it_was_given(twin: TwinThread, server: Server) -> None:
    key = enter(server.state, DEVICE)
    answer = server.tokens(DEVICE, key)
    assert connack(twin, answer) == "Success"
    assert set(answer["tokens"]) == {"R", "W"}
    assert answer["username"] == f"Token|{twin.access_key_id}|{twin.instance_id}"
    assert answer["degraded"] is False
    assert abs(answer["expires_at_s"] - time.time() - 86_400) < 60
    assert abs(answer["expires_in_s"] - 86_400) < 60
    assert 0 < answer["renew_in_s"] < answer["expires_in_s"]
    # A small client reads it in one piece.
    assert int(server.headers["content-length"]) < 2048
    assert "transfer-encoding" not in server.headers
    assert server.headers["cache-control"] == "no-store"


def test_tokens_grant_what_the_account_may_and_no_more(twin: TwinThread, server: Server) -> None:
    key = enter(server.state, DEVICE, ("shop/b", "shop/a/+"), ("shop/up/{client_id}",))
    answer = server.tokens(DEVICE, key)

    def granted(kind: str) -> tuple[str, tuple[str, ...]]:
        found = twin.call(twin.twin.state.tokens.lookup, answer["tokens"][kind])
        return found.type, found.resources

    assert granted("R") == ("R", ("shop/a/+", "shop/b"))
    assert granted("W") == ("W", (f"shop/up/{DEVICE}",))


def test_the_same_topics_to_read_and_write_are_one_token(server: Server) -> None:
    key = enter(server.state, DEVICE, ("shop/#",), ("shop/#",))
    assert set(server.tokens(DEVICE, key)["tokens"]) == {"RW"}
    assert applied(server) == 1


def test_devices_of_a_scope_share_a_token(server: Server) -> None:
    enter(server.state, GROUP, kind="group")
    keys = {
        f"{GROUP}@@@d{number}": enter(server.state, f"{GROUP}@@@d{number}", (), ()) for number in range(20)
    }
    answers = [server.tokens(client_id, key) for client_id, key in keys.items()]
    assert len({answer["password"] for answer in answers}) == 1
    assert applied(server) == 2
    assert server.metric('deliveries_total{how="cached"}') == 19
    # They do not all come back in one moment.
    assert len({answer["renew_in_s"] for answer in answers}) > 10


def test_what_group_and_device_may_is_joined(twin: TwinThread, server: Server) -> None:
    enter(server.state, GROUP, ("shop/news",), (), kind="group", life_s=600)
    key = enter(server.state, DEVICE, ("shop/own/1",), ())
    answer = server.tokens(DEVICE, key)
    found = twin.call(twin.twin.state.tokens.lookup, answer["tokens"]["R"])
    assert found.resources == ("shop/news", "shop/own/1")
    assert answer["expires_in_s"] <= 600


def test_a_user_has_several_client_ids_and_one_key(server: Server) -> None:
    ids = (f"{GROUP}@@@phone", f"{GROUP}@@@tablet")
    key = enter(server.state, "alice", kind="user", client_ids=ids)
    assert {server.tokens(client_id, key)["client_id"] for client_id in ids} == set(ids)


def test_a_token_is_renewed_in_the_background_before_anybody_waits(server: Server, clock: Clock) -> None:
    key = enter(server.state, DEVICE, ("shop/down/#",), (), life_s=1000)
    first = server.tokens(DEVICE, key)
    clock.ahead_s = 460.0
    assert server.tokens(DEVICE, key)["password"] == first["password"]
    wait_until(lambda: applied(server) == 2, "a second ApplyToken")
    second = server.tokens(DEVICE, key)
    assert second["password"] != first["password"]
    assert second["expires_in_s"] > 900
    assert server.metric('deliveries_total{how="applied"}') == 1


def test_nobody_gets_a_token_that_is_nearly_over(server: Server, clock: Clock) -> None:
    key = enter(server.state, DEVICE, ("shop/down/#",), (), life_s=1000)
    server.tokens(DEVICE, key)
    clock.ahead_s = 700.0
    assert server.tokens(DEVICE, key)["expires_in_s"] > 900


@pytest.mark.parametrize("life_s", [60, 70, 30 * 86_400])
def test_the_service_takes_the_shortest_and_the_longest_life(server: Server, life_s: int) -> None:
    key = enter(server.state, DEVICE, life_s=life_s)
    left_s = server.tokens(DEVICE, key)["expires_in_s"]
    assert life_s - 30 < left_s <= max(life_s, 65)


def test_a_disabled_account_a_disabled_group_and_an_empty_account(server: Server) -> None:
    off = enter(server.state, DEVICE, enabled=False)
    assert server.ask(DEVICE, off) == (403, refusal("disabled", server))
    enter(server.state, "GID_closed", kind="group", enabled=False)
    member = "GID_closed@@@1"
    assert server.ask(member, enter(server.state, member))[1]["error"] == "disabled"
    nothing = f"{GROUP}@@@nothing"
    assert server.ask(nothing, enter(server.state, nothing, (), ()))[1]["error"] == "no-topics"


def refusal(error: str, server: Server) -> dict[str, object]:
    detail = {"disabled": "the account is switched off"}[error]
    return {"error": error, "detail": detail, "retry_in_s": 3600}


def test_an_account_s_quota_is_one_for_all_replicas(serve: Serve, clock: Clock) -> None:
    one, two = serve(), serve()
    key = enter(one.state, DEVICE, quota_per_day=3)
    replies = [replica.ask(DEVICE, key) for replica in (one, two, one, two)]
    assert [status for status, _ in replies] == [200, 200, 200, 429]
    assert replies[3][1]["error"] == "quota"
    assert 0 < int(two.headers["retry-after"]) <= 86_400
    clock.ahead_s = 86_400.0
    assert two.ask(DEVICE, key)[0] == 200


def test_two_replicas_apply_once_for_a_scope(serve: Serve) -> None:
    one, two = serve(), serve()
    key = enter(one.state, DEVICE)
    assert one.tokens(DEVICE, key)["password"] == two.tokens(DEVICE, key)["password"]
    assert applied(one) + applied(two) == 2


def test_the_audit_tells_who_got_what_without_telling_it(server: Server) -> None:
    key = enter(server.state, DEVICE)
    answer = server.tokens(DEVICE, key)
    _, found = server.admin("GET", f"/audit?account={DEVICE}")
    assert [(entry["event"], entry["client_id"], entry["address"]) for entry in found["entries"]] == [
        ("delivered", DEVICE, "127.0.0.1"),
        ("delivered", DEVICE, "127.0.0.1"),
        ("account-added", "", ""),
    ]
    _, held = server.admin("GET", "/tokens")
    assert {entry["fingerprint"] for entry in found["entries"][:2]} == {
        each["fingerprint"] for each in held["tokens"]
    }
    for token in answer["tokens"].values():
        assert token not in str(found) + str(held) + server.log.getvalue()


def test_the_spread_is_the_same_each_time_and_even() -> None:
    numbers = [spread("scope", str(number)) for number in range(1000)]
    assert numbers[7] == spread("scope", "7")
    assert all(0 <= number < 1 for number in numbers)
    assert 0.4 < sum(numbers) / len(numbers) < 0.6
