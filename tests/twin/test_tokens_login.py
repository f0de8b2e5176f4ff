"""CONNECT in Token mode, in Signature mode, under a list of rules, and from the black list."""

from collections.abc import Callable
from typing import Any

import pytest

from devcred import signing
from host_tools.errors import UsageError
from host_tools.twin import Settings, TwinThread
from host_tools.twin.accounts import Account
from host_tools.twin.broker.packets import Connack, Connect, Puback, Publish, Suback, Subscribe
from host_tools.twin.policy import Policy
from host_tools.twin.trace import Info
from tests.twin.conftest import credentials_for, new_client_id
from tests.twin.saying import end_of, subscribed
from tests.twin.token_logins import Place
from tests.twin.wire import Wire

Start = Callable[..., TwinThread]
Login = Callable[..., Wire]
Places = Callable[..., Place]


@pytest.mark.parametrize(
    "kinds",
    ["R", "W", "RW", "R W", "W R", "RW R", "R W RW", "RW W R"],
)
def test_one_to_three_tokens_in_any_order(place: Places, kinds: str) -> None:
    here = place()
    tokens = {kind: here.token({"RW": "R,W"}.get(kind, kind)) for kind in kinds.split()}
    assert here.code(signing.token_password(list(tokens.items()))) == 0


def test_what_is_no_list_of_good_tokens_gets_code_5(place: Places) -> None:
    here = place()
    read, write, both = here.token("R"), here.token("W"), here.token("R,W")
    foreign = here.token("R", account="LTAI-other")
    revoked = here.token("R")
    here.twin.call(here.twin.twin.state.tokens.revoke, revoked)
    bad = [
        *("", "R", "R|", f"|{read}", read, f"R|{read}|", f"R|{read}|W", f"r|{read}", f"R,W|{both}"),
        *(f"R|{read}|R|{read}", f"R|{write}", f"RW|{read}", f"X|{read}", f"R|{read}|W|{write}|RW|{both}|R|x"),
        *(f"R|{foreign}", f"R|{revoked}", f"R|{read}|W|forged", "R|123", f"R|{read}x"),
    ]
    assert [here.code(password) for password in bad] == [5] * len(bad)
    infos = {each.info for each in here.twin.trace}
    assert infos == {Info.NOT_AUTHORIZED}
    assert not any(token in repr(here.twin.trace) for token in (read, write, both, foreign, revoked))


def test_one_expired_token_spoils_the_set(place: Places) -> None:
    here = place()
    password = f"R|{here.token('R', life_ms=60_000)}|W|{here.token('W')}"
    assert here.code(password) == 0
    here.clock.advance(60)
    assert here.code(password) == 5


def test_the_account_and_the_instance_must_be_named(place: Places) -> None:
    here = place()
    password = f"RW|{here.token()}"
    names = (
        *(f"Token|LTAI-other|{here.twin.instance_id}", f"Token|{here.twin.access_key_id}|mqtt-cn-other"),
        *(f"token|{here.twin.access_key_id}|{here.twin.instance_id}", f"Token|{here.twin.access_key_id}"),
    )
    assert [here.code(password, username=name) for name in names] == [5] * 4
    assert here.code(password, client_id="GID_nobody@@@x") == 2


def test_many_clients_share_a_token(place: Places) -> None:
    here = place()
    password = f"RW|{here.token()}"
    one, two = here.wire(password), here.wire(password)
    assert subscribed(one, ("devcred/a", 1)) == [1]
    two.send(Publish("devcred/a", b"hi"))
    assert one.receive() == Publish("devcred/a", b"hi")


def signed(twin: TwinThread, client_id: str, account: Account | None = None) -> Connect:
    key_id = account.access_key_id if account else twin.access_key_id
    secret = account.access_key_secret if account else twin.access_key_secret
    username = f"Signature|{key_id}|{twin.instance_id}"
    return Connect(client_id, True, 60, username, signing.password(client_id, secret).encode())


def answer_to(twin: TwinThread, connect: Connect) -> Connack:
    with Wire(twin.mqtt_port) as wire:
        return wire.login(connect)


def test_the_accounts_signature_logs_in_by_setting_only(twin: TwinThread, start_twin: Start) -> None:
    assert answer_to(twin, signed(twin, new_client_id())).code == 5
    other = start_twin(settings=Settings(signature_mode=True))
    connect = signed(other, new_client_id())
    assert answer_to(other, connect).code == 0
    connect.client_id = new_client_id()
    assert answer_to(other, connect).code == 5


def test_an_accounts_policy_limits_its_signature(start_twin: Start, connect_as: Login) -> None:
    twin = start_twin(settings=Settings(signature_mode=True))
    policy = Policy.allowing("mq:PUB", instances=(twin.instance_id,))
    account = twin.call(lambda: twin.twin.state.new_account(policy=policy))
    wire = connect_as(twin, signed(twin, new_client_id(), account))
    wire.send(Publish("devcred/a", b"", 1, packet_id=1))
    assert wire.receive() == Puback(1)
    wire.send(Subscribe(1, [("devcred/a", 1)]))
    assert wire.is_closed()
    assert end_of(twin, wire) is Info.RESOURCE


RULES = "W devcred/up/{client_id}, R devcred/down/#"


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        (Publish("devcred/up/{}", b"", 1, packet_id=1), Puback(1)),
        (Subscribe(1, [("devcred/down/+", 1), ("devcred/down", 0)]), Suback(1, [1, 0])),
        (Publish("devcred/up/GID_test@@@other", b"", 1, packet_id=1), None),
        (Publish("devcred/down/a", b"", 1, packet_id=1), None),
        (Subscribe(1, [("devcred/down/a", 1), ("devcred/#", 1)]), None),
    ],
)
def test_a_list_of_rules_narrows_device_credentials(
    start_twin: Start, connect_as: Login, packet: Any, answer: Any
) -> None:
    twin = start_twin(settings=Settings(device_topics=RULES, topic_characters="any"))
    wire = connect_as(twin)
    if isinstance(packet, Publish):
        packet = Publish(packet.topic.format(wire.client_id), b"", 1, packet_id=1)
    wire.send(packet)
    assert wire.receive() == answer
    if answer is None:
        assert end_of(twin, wire) is Info.RESOURCE


def test_rules_that_cannot_be_read_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match="device_topics: 'devcred/#' does not read"):
        Settings(device_topics="devcred/#")


@pytest.mark.parametrize(("setting", "code"), [("refuse", 5), ("ignore", 0)])
def test_the_black_list(start_twin: Start, setting: str, code: int) -> None:
    twin = start_twin(settings=Settings(black_list=setting))
    connect = credentials_for(twin, new_client_id())
    assert answer_to(twin, connect).code == 0
    assert twin.call(twin.twin.state.add_black, connect.client_id)
    assert answer_to(twin, connect).code == code
    assert twin.call(twin.twin.state.remove_black, connect.client_id)
    assert answer_to(twin, connect).code == 0
