"""CONNECT at a running twin: who is let in, with which code the others are turned away, who keeps the ID."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from devcred import signing
from host_tools.twin import Settings, TwinThread
from host_tools.twin.broker.encode import encode
from host_tools.twin.broker.packets import Connack, Connect, Pingreq, Pingresp, Publish, Will
from host_tools.twin.trace import Action, Info
from tests.twin.conftest import GROUP, credentials_for, new_client_id
from tests.twin.wire import Wire

Login = Callable[..., Wire]


def answer_to(twin: TwinThread, connect: Connect | bytes) -> int | None:
    """The CONNACK code, or None for none; the broker must close after a refusal."""
    with Wire(twin.mqtt_port) as wire:
        wire.send(connect)
        answer = wire.receive()
        if answer is None:
            return None
        assert isinstance(answer, Connack)
        if answer.code:
            assert wire.is_closed()
        return answer.code


def test_the_right_signature_is_let_in(twin: TwinThread) -> None:
    assert answer_to(twin, credentials_for(twin, new_client_id())) == 0


def username(twin: TwinThread, connect: Connect, **changed: str) -> str:
    mode, key_id, instance = (connect.username or "").split("|")
    parts = {"mode": mode, "key_id": key_id, "instance": instance, **changed}
    return "|".join(parts.values())


WRONG: dict[str, Callable[[TwinThread, Connect], Connect]] = {
    "secret": lambda twin, it: replace(it, password=signing.password(it.client_id, "DC.other").encode()),
    "no password": lambda twin, it: replace(it, password=None),
    "password of another client ID": lambda twin, it: replace(
        it, password=signing.password("x", "y").encode()
    ),
    "no user name": lambda twin, it: replace(it, username=None, password=None),
    "key ID": lambda twin, it: replace(it, username=username(twin, it, key_id="DC.unknown")),
    "instance": lambda twin, it: replace(it, username=username(twin, it, instance="mqtt-cn-other")),
    "mode": lambda twin, it: replace(it, username=username(twin, it, mode="devicecredential")),
    "form of the user name": lambda twin, it: replace(it, username="DeviceCredential|only"),
    "text beyond ASCII": lambda twin, it: replace(it, username=username(twin, it, key_id="DC.é")),
    "password that is no text": lambda twin, it: replace(it, password=b"\xff\xfe"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_credential_gets_code_5(
    twin: TwinThread, change: Callable[[TwinThread, Connect], Connect]
) -> None:
    assert answer_to(twin, change(twin, credentials_for(twin, new_client_id()))) == 5


def test_a_credential_is_good_for_its_own_client_id_only(twin: TwinThread) -> None:
    mine, other = credentials_for(twin, new_client_id()), credentials_for(twin, new_client_id())
    assert answer_to(twin, replace(other, client_id=mine.client_id)) == 5


@pytest.mark.parametrize(
    "client_id", ["", "dev1", "GID_test@@@", "GID_nobody@@@dev", "GID_test@@@a/b", "GID_test@@@" + "x" * 54]
)
def test_a_client_id_against_the_rules_gets_code_2(twin: TwinThread, client_id: str) -> None:
    assert answer_to(twin, replace(credentials_for(twin, new_client_id()), client_id=client_id)) == 2


@pytest.mark.parametrize("level", [3, 5])
def test_another_protocol_level_gets_code_1(twin: TwinThread, level: int) -> None:
    assert answer_to(twin, replace(credentials_for(twin, new_client_id()), level=level)) == 1


def test_the_codes_follow_the_settings(start_twin: Callable[..., TwinThread]) -> None:
    twin = start_twin(settings=Settings(bad_credential_code=4, bad_client_id_code=5))
    good = credentials_for(twin, new_client_id())
    assert answer_to(twin, replace(good, password=b"x")) == 4
    assert answer_to(twin, replace(good, client_id="x")) == 5


@pytest.mark.parametrize(
    "first", [Pingreq(), Publish("devcred/a", b"x"), b"GET / HTTP/1.1\r\n\r\n", b"\x10\xff\xff\x7f"]
)
def test_nothing_but_a_connect_of_sane_size_comes_first(twin: TwinThread, first: Any) -> None:
    assert answer_to(twin, first) is None


def test_a_second_connect_closes(twin: TwinThread, connect_as: Login) -> None:
    connect = credentials_for(twin, new_client_id())
    wire = connect_as(twin, connect)
    wire.send(connect)
    assert wire.is_closed()


def test_a_failed_login_leaves_the_owner_of_the_id_alone(twin: TwinThread, connect_as: Login) -> None:
    connect = credentials_for(twin, new_client_id())
    owner = connect_as(twin, connect)
    assert answer_to(twin, replace(connect, password=b"wrong")) == 5
    assert owner.is_quiet()


@pytest.mark.parametrize("clean", [True, False])
def test_the_newer_of_two_equal_ids_wins(twin: TwinThread, connect_as: Login, clean: bool) -> None:
    connect = credentials_for(twin, new_client_id(), clean_session=clean)
    older = connect_as(twin, connect)
    newer = connect_as(twin, connect)
    assert older.is_closed()
    assert newer.is_quiet()
    mine = [(entry.action, entry.info) for entry in twin.trace if entry.client_id == connect.client_id]
    assert mine.count((Action.CONNECT, Info.ACCEPTED)) == 2
    assert (Action.CLOSE, Info.CONFLICT) in mine


def test_or_the_older_by_setting(start_twin: Callable[..., TwinThread], connect_as: Login) -> None:
    twin = start_twin(settings=Settings(duplicate_client_id="refuse-newer"))
    connect = credentials_for(twin, new_client_id())
    older = connect_as(twin, connect)
    assert answer_to(twin, connect) == 2
    assert older.is_quiet()


@pytest.mark.parametrize(("overfull", "code"), [("connack-3", 3), ("close", None)])
def test_a_full_instance(
    start_twin: Callable[..., TwinThread], connect_as: Login, overfull: str, code: int | None
) -> None:
    twin = start_twin(settings=Settings(max_connections=1, overfull=overfull))
    first = credentials_for(twin, new_client_id())
    connect_as(twin, first)
    assert answer_to(twin, credentials_for(twin, new_client_id())) == code
    connect_as(twin, first)  # its own place may be taken over


@pytest.mark.parametrize(("setting", "code"), [("ignore", 0), ("refuse", None)])
def test_a_will(start_twin: Callable[..., TwinThread], setting: str, code: int | None) -> None:
    twin = start_twin(settings=Settings(will=setting))
    assert answer_to(twin, credentials_for(twin, new_client_id(), will=Will("devcred/w", b"gone"))) == code


def test_silence_before_connect_and_after_it_is_closed(
    start_twin: Callable[..., TwinThread], connect_as: Login
) -> None:
    twin = start_twin(settings=Settings(connect_timeout_s=0.3))
    with Wire(twin.mqtt_port) as half:
        half.send(b"\x10")
        assert half.is_closed()
    start = time.monotonic()
    wire = connect_as(twin, keepalive_s=1)
    assert wire.is_closed()
    assert 1.4 < time.monotonic() - start < 2.5
    assert [entry.info for entry in twin.trace if entry.action is Action.CLOSE] == [Info.NO_HEART] * 2


def test_keep_alive_0_is_never_closed(start_twin: Callable[..., TwinThread], connect_as: Login) -> None:
    twin = start_twin(settings=Settings(connect_timeout_s=0.1))
    wire = connect_as(twin, keepalive_s=0)
    time.sleep(0.25)  # the time that closes one with no CONNECT must pass
    assert wire.is_quiet()


def test_packets_keep_a_connection_alive(twin: TwinThread, connect_as: Login) -> None:
    wire = connect_as(twin, keepalive_s=1)
    for _ in range(4):
        time.sleep(0.45)
        assert wire.is_quiet()


def test_a_connect_in_single_bytes_and_one_with_a_ping_behind_it(twin: TwinThread) -> None:
    for step in (1, 10_000):
        data = encode(credentials_for(twin, new_client_id())) + encode(Pingreq())
        with Wire(twin.mqtt_port) as wire:
            for start in range(0, len(data), step):
                wire.send(data[start : start + step])
            assert [wire.receive(), wire.receive()] == [Connack(False, 0), Pingresp()]


def test_no_secret_reaches_the_trace(twin: TwinThread) -> None:
    connect = credentials_for(twin, new_client_id())
    answer_to(twin, connect)
    answer_to(twin, replace(connect, password=b"hunter2"))
    secret = twin.twin.state.credentials[connect.client_id].secret
    text = repr(twin.trace) + repr(twin.twin.state.credentials) + repr(twin.twin.state.accounts)
    for each in (secret, "hunter2", (connect.password or b"").decode(), twin.access_key_secret):
        assert each not in text


def test_the_group_of_a_client_must_still_be_there(start_twin: Callable[..., TwinThread]) -> None:
    twin = start_twin()
    connect = credentials_for(twin, new_client_id())
    twin.call(twin.twin.state.delete_group, GROUP)
    assert answer_to(twin, connect) == 2
