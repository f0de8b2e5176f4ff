"""Tokens through the SDK: applied for by the rules, asked about, withdrawn."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from host_tools.twin import Settings, TwinThread
from host_tools.twin.clock import ManualClock
from tests.twin.api_calls import ALGORITHMS, ahead_ms, call, client_of
from tests.twin.calls import refused

Start = Callable[..., TwinThread]
BAD = (400, "ParameterCheckFailed")
P2P = "devcred/p2p/GID_test@@@" + "d" * 53  # a client ID of 64 characters


def apply(twin: TwinThread, algorithm: str | None = None, **changed: Any) -> str:
    fields = {"actions": "R", "resources": "devcred/#", "expire_time": ahead_ms(3600), **changed}
    client = client_of(twin, signature_algorithm=algorithm)
    return str(call(client, "ApplyToken", instance_id=twin.instance_id, **fields).token)


def is_good(twin: TwinThread, token: str) -> bool:
    status = call(client_of(twin), "QueryToken", instance_id=twin.instance_id, token=token).token_status
    assert isinstance(status, bool)
    return status


def revoke(twin: TwinThread, token: str) -> Any:
    return call(client_of(twin), "RevokeToken", instance_id=twin.instance_id, token=token)


def refused_with(twin: TwinThread, **changed: Any) -> tuple[int, str]:
    return refused(lambda fields: apply(twin, **fields), changed)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(("actions", "kind"), [("R", "R"), ("W", "W"), ("R,W", "RW")])
def test_a_token_from_apply_to_revoke(
    twin: TwinThread, algorithm: str | None, actions: str, kind: str
) -> None:
    resources = "devcred/#,devcred/a,other/+/x"
    token = apply(twin, algorithm, actions=actions, resources=resources)
    known = twin.call(twin.twin.state.tokens.lookup, token)
    assert (known.type, ",".join(known.resources)) == (kind, resources)
    assert known.access_key_id == twin.access_key_id
    assert is_good(twin, token)
    assert revoke(twin, token).request_id
    assert not is_good(twin, token)
    assert revoke(twin, token).request_id  # once more does no harm


def test_a_token_belongs_to_whoever_applied(twin: TwinThread) -> None:
    account = twin.new_account(sts=True)
    client = client_of(twin, account)
    token = call(
        client,
        "ApplyToken",
        instance_id=twin.instance_id,
        actions="W",
        resources="devcred/a",
        expire_time=ahead_ms(90),
    ).token
    assert twin.call(twin.twin.state.tokens.lookup, token).access_key_id == account.access_key_id


@pytest.mark.parametrize("actions", ["r", "RW", "W,R", "R,W,R", "R, W", "P"])
def test_actions(twin: TwinThread, actions: str) -> None:
    assert refused_with(twin, actions=actions) == BAD


@pytest.mark.parametrize("resources", ["devcred/a", "+/a", "#", "devcred/+/#", P2P, "devcred/" + "x" * 56])
def test_a_resource(twin: TwinThread, resources: str) -> None:
    assert is_good(twin, apply(twin, resources=resources))


@pytest.mark.parametrize(
    "resources",
    [",", "a,", "devcred/#/a", "devcred/a+", "devcred/a#", "$SYS/a", P2P + "d/e", "devcred/" + "x" * 57],
)
def test_what_is_no_resource(twin: TwinThread, resources: str) -> None:
    assert refused_with(twin, resources=resources) == BAD


def test_a_hundred_resources_in_alphabetical_order(twin: TwinThread, start_twin: Start) -> None:
    hundred = [f"devcred/{number:03}" for number in range(100)]
    assert is_good(twin, apply(twin, resources=",".join(hundred)))
    assert refused_with(twin, resources=",".join([*hundred, "devcred/999"])) == BAD
    assert refused_with(twin, resources=",".join(reversed(hundred))) == BAD
    lenient = start_twin(settings=Settings(token_resources="any-order"))
    assert is_good(lenient, apply(lenient, resources=",".join(reversed(hundred))))


def test_a_parent_topic_that_must_exist(twin: TwinThread, start_twin: Start) -> None:
    assert is_good(twin, apply(twin, resources="nowhere/a"))
    strict = start_twin(settings=Settings(token_topics="must-exist"))
    assert refused_with(strict, resources="devcred/a,nowhere/a") == BAD
    assert is_good(strict, apply(strict, resources="DevCred/a"))


def test_expire_time(start_twin: Start) -> None:
    clock = ManualClock(float(int(time.time())))
    twin = start_twin(clock=clock)
    now_ms, day_ms = int(clock() * 1000), 86_400_000
    assert refused_with(twin, expire_time=now_ms + 59_999) == BAD
    assert refused_with(twin, expire_time=0) == BAD
    assert refused_with(twin, expire_time=-1) == BAD
    short = apply(twin, expire_time=now_ms + 60_000)
    month, longer, longest = (apply(twin, expire_time=now_ms + days * day_ms) for days in (30, 31, 10_000))
    ends = [twin.call(twin.twin.state.tokens.lookup, each).expire_ms for each in (month, longer, longest)]
    assert ends == [now_ms + 30 * day_ms] * 3
    clock.advance(59.9)
    assert is_good(twin, short)
    clock.advance(0.1)
    assert not is_good(twin, short)


@pytest.mark.parametrize("text", ["soon", "1e15", "9" * 16, "1.5", "٣", " 5"])
def test_an_expire_time_that_is_no_number(twin: TwinThread, text: str) -> None:
    assert refused_with(twin, expire_time=text) == (400, "InvalidParameter.ExpireTime")


@pytest.mark.parametrize("text", ["123", "é", "x" * 4000, "AAAA"])
def test_any_other_text_is_no_good_token(twin: TwinThread, start_twin: Start, text: str) -> None:
    assert not is_good(twin, text)
    assert revoke(twin, text).request_id
    strict = start_twin(settings=Settings(revoke_unknown="failure"))
    assert refused(revoke, strict, text) == BAD


def test_too_many_tokens(start_twin: Start) -> None:
    twin = start_twin(settings=Settings(max_tokens=2))
    first = apply(twin)
    apply(twin)
    assert refused_with(twin) == (400, "ApplyTokenOverFlow")
    revoke(twin, first)
    apply(twin)
