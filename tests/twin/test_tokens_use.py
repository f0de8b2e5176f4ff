"""PUBLISH and SUBSCRIBE in Token mode: what tokens allow, and how the rest is refused."""

from collections.abc import Callable

import pytest

from host_tools.twin.broker.packets import Puback, Publish, Suback, Subscribe
from host_tools.twin.policy import Policy
from host_tools.twin.trace import Info
from tests.twin.saying import subscribed
from tests.twin.token_logins import EXPIRE_NOTICE, INVALID_NOTICE, UPLOAD, Place, is_refused, notice
from tests.twin.wire import Wire

Places = Callable[..., Place]


def publish(wire: Wire, topic: str) -> None:
    wire.send(Publish(topic, b"x", 1, packet_id=1))


def may_publish(wire: Wire, topic: str) -> bool:
    publish(wire, topic)
    return wire.receive() == Puback(1)


def test_what_the_resources_list_is_allowed(place: Places) -> None:
    here = place()
    wire = here.wire(f"R|{here.token('R', 'devcred/in/+')}|W|{here.token('W', 'devcred/out/#', 'other/x')}")
    for topic in ("devcred/out/a", "devcred/out/a/b", "devcred/out", "DevCred/out/a", "other/x"):
        assert may_publish(wire, topic)
    assert subscribed(wire, ("devcred/in/a", 1), ("devcred/in/+", 0)) == [1, 0]


@pytest.mark.parametrize(
    ("topic", "code", "kind"),
    [
        ("devcred/elsewhere", 4, "W"),
        ("other/x/y", 4, "W"),
        ("devcred/in/a", 5, "R"),
        ("nowhere/a", 4, "W"),
        ("$SYS/other", 4, "W"),
        (EXPIRE_NOTICE, 4, "W"),
    ],
)
def test_what_they_do_not_list_is_refused_with_a_notice(
    place: Places, topic: str, code: int, kind: str
) -> None:
    here = place()
    wire = here.wire(f"R|{here.token('R', 'devcred/in/+')}|W|{here.token('W', 'devcred/out/#', 'other/x')}")
    publish(wire, topic)
    assert is_refused(wire, code, kind)
    assert here.end_of(wire) is Info.RESOURCE


@pytest.mark.parametrize(
    ("asked", "code", "kind"),
    [
        ("devcred/in/#", 4, "R"),
        ("devcred/+/a", 4, "R"),
        ("devcred/#", 4, "R"),
        ("#", 4, "R"),
        ("devcred/out/a", 5, "W"),
        ("$SYS/#", 4, "R"),
    ],
)
def test_a_filter_must_be_covered_as_a_whole(place: Places, asked: str, code: int, kind: str) -> None:
    here = place()
    wire = here.wire(f"R|{here.token('R', 'devcred/in/+')}|W|{here.token('W', 'devcred/out/#')}")
    wire.send(Subscribe(1, [("devcred/in/a", 1), (asked, 1)]))
    assert is_refused(wire, code, kind)
    assert here.end_of(wire) is Info.RESOURCE


def test_filters_compared_as_text_by_setting(place: Places) -> None:
    here = place(token_filters="text")
    wire = here.wire(f"R|{here.token('R', 'devcred/in/#')}")
    assert subscribed(wire, ("devcred/in/#", 1), ("devcred/in/a", 1)) == [1, 1]
    wire.send(Subscribe(1, [("devcred/in/+", 1)]))
    assert is_refused(wire, 4, "R")


def test_a_hash_that_leaves_its_parent_out_by_setting(place: Places) -> None:
    here = place(hash_covers_parent=False)
    wire = here.wire(f"W|{here.token('W', 'devcred/out/#')}")
    assert may_publish(wire, "devcred/out/a")
    publish(wire, "devcred/out")
    assert is_refused(wire, 4, "W")


def test_a_client_without_the_kind_of_token_at_all(place: Places) -> None:
    here = place()
    wire = here.wire(f"R|{here.token('R')}")
    publish(wire, "devcred/a")
    assert is_refused(wire, 5, "R")
    wire = here.wire(f"R|{here.token('R')}")
    publish(wire, "other/a")
    assert is_refused(wire, 4, "W")


def test_p2p_needs_a_listed_topic_to_send_and_nothing_to_receive(place: Places) -> None:
    here = place()
    receiver = here.wire(f"W|{here.token('W', 'devcred/x')}")
    sender = here.wire(f"W|{here.token('W', 'devcred/p2p/+')}")
    topic = f"devcred/p2p/{receiver.client_id}"
    publish(sender, topic)
    assert sender.receive() == Puback(1)
    packet = receiver.receive()
    assert isinstance(packet, Publish)
    assert packet.topic == topic
    stranger = here.wire(f"W|{here.token('W', 'devcred/up/#')}")
    publish(stranger, topic)
    assert is_refused(stranger, 4, "W")


@pytest.mark.parametrize("qos", [0, 2])
def test_a_refusal_has_no_acknowledgement_at_any_qos(place: Places, qos: int) -> None:
    here = place()
    wire = here.wire(f"RW|{here.token()}")
    wire.send(Publish("other/a", b"x", qos, packet_id=1 if qos else 0))
    assert is_refused(wire, 4, "RW")


def test_notices_can_be_suppressed(place: Places) -> None:
    here = place(token_notices=False)
    wire = here.wire(f"RW|{here.token()}")
    publish(wire, "other/a")
    assert wire.is_closed()
    assert here.end_of(wire) is Info.RESOURCE


def test_notices_at_qos_1_leave_nothing_behind(place: Places) -> None:
    here = place(token_notice_qos=1)
    connect = here.connect(f"RW|{here.token()}", clean_session=False)
    for present in (False, True):
        with Wire(here.twin.mqtt_port) as wire:
            answer = wire.login(connect)
            assert (answer.code, answer.session_present) == (0, present)
            assert wire.is_quiet()
            publish(wire, "other/a")
            packet = wire.receive()
            assert isinstance(packet, Publish)
            assert (packet.topic, packet.qos) == (INVALID_NOTICE, 1)
            assert wire.is_closed()


def test_subscribing_to_the_sys_topics_does_nothing(place: Places) -> None:
    here = place()
    wire = here.wire(f"RW|{here.token(life_ms=120_000)}")
    assert notice(wire)[0] == EXPIRE_NOTICE
    wire.send(Subscribe(1, [(EXPIRE_NOTICE, 1), (INVALID_NOTICE, 0), (UPLOAD, 1)]))
    assert wire.receive() == Suback(1, [1, 0, 1])
    here.clock.advance(120)
    assert is_refused(wire, 2, "RW")  # once, not once more for the subscription


def test_or_is_refused_by_setting(place: Places) -> None:
    here = place(sys_subscriptions="close")
    wire = here.wire(f"RW|{here.token()}")
    wire.send(Subscribe(1, [(EXPIRE_NOTICE, 1)]))
    assert is_refused(wire, 4, "RW")


def test_an_account_without_permission_spoils_its_tokens(place: Places) -> None:
    here = place()
    state = here.twin.twin.state
    policy = Policy.allowing("mq:SUB", instances=(here.twin.instance_id,))
    account = here.twin.call(lambda: state.new_account(policy=policy))
    username = f"Token|{account.access_key_id}|{here.twin.instance_id}"
    wire = here.wire(f"RW|{here.token(account=account.access_key_id)}", username=username)
    assert subscribed(wire, ("devcred/a", 1)) == [1]
    publish(wire, "devcred/a")
    assert is_refused(wire, -1, "RW")
