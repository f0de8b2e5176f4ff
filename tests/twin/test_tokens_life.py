"""Tokens renewed inside a connection, running out, revoked: each reading of each setting."""

from collections.abc import Callable
from typing import Any

import pytest

from host_tools.twin.broker.packets import Puback, Pubcomp, Publish, Pubrec, Pubrel
from host_tools.twin.trace import Info
from tests.twin.saying import subscribed
from tests.twin.token_logins import EXPIRE_NOTICE, HOUR_MS, UPLOAD, Place, is_refused, notice, upload
from tests.twin.wire import Wire

Places = Callable[..., Place]


def may_publish(wire: Wire, topic: str = "devcred/a") -> bool:
    wire.send(Publish(topic, b"x", 1, packet_id=1))
    return wire.receive() == Puback(1)


# uploadToken.


def test_an_uploaded_token_takes_the_place_of_its_type(place: Places) -> None:
    here = place()
    wire = here.wire(f"R|{here.token('R', 'devcred/r')}|W|{here.token('W', 'devcred/a')}")
    wire.send(upload(here.token("W", "devcred/b"), "W"))
    assert wire.receive() == Puback(7)
    assert may_publish(wire, "devcred/b")
    assert subscribed(wire, ("devcred/r", 1)) == [1]  # the other type stays
    wire.send(Publish("devcred/a", b"", 1, packet_id=1))
    assert is_refused(wire, 4, "W")


def test_at_qos_2_and_0_and_as_an_old_page_spells_it(place: Places) -> None:
    here = place()
    wire = here.wire(f"W|{here.token('W', 'devcred/x')}")
    wire.send(upload(here.token("W", "devcred/b"), "W", qos=2), Pubrel(7))
    assert [wire.receive(), wire.receive()] == [Pubrec(7), Pubcomp(7)]
    assert may_publish(wire, "devcred/b")
    wire.send(upload(here.token("W", "devcred/c"), "W", qos=0))
    assert may_publish(wire, "devcred/c")
    text = f'{{"Token": "{here.token("W", "devcred/d")}", "type": "W"}}'
    wire.send(Publish(UPLOAD, text.encode(), 1, packet_id=7))
    assert wire.receive() == Puback(7)
    assert may_publish(wire, "devcred/d")


def bad_uploads(here: Place) -> list[tuple[Any, int, str]]:
    good, read = here.token(), here.token("R")
    revoked, foreign = here.token(), here.token(account="LTAI-other")
    here.twin.call(here.twin.twin.state.tokens.revoke, revoked)
    changed = good[:-6] + ("AAAA" if good[-6:-2] != "AAAA" else "BBBB") + good[-2:]
    return [
        (upload("no token"), 1, "RW"),
        (upload(changed), 8, "RW"),
        (upload(revoked), 3, "RW"),
        (upload(read), 5, "RW"),
        (upload(foreign), -1, "RW"),
        (upload(good, "R,W"), 1, ""),
        (upload(good, None), 1, ""),
        (upload([good]), 1, "RW"),
        (Publish(UPLOAD, b"{", 1, packet_id=7), 1, ""),
        (Publish(UPLOAD, b"[1]", 1, packet_id=7), 1, ""),
        (Publish(UPLOAD, b"[" * 60_000, 1, packet_id=7), 1, ""),
        (Publish(UPLOAD, b'{"token": "\\ud800", "type": "R"}', 1, packet_id=7), 1, "R"),
        (Publish(UPLOAD, b"\xff\xfe", 2, packet_id=7), 1, ""),
    ]


def test_a_bad_token_is_told_by_its_code_and_ends_the_connection(place: Places) -> None:
    here = place()
    for packet, code, kind in bad_uploads(here):
        wire = here.wire(f"RW|{here.token()}")
        wire.send(packet)
        assert is_refused(wire, code, kind), packet
        assert here.end_of(wire) is Info.NOT_AUTHORIZED


def test_an_expired_token_uploaded(place: Places) -> None:
    here = place()
    late = here.token(life_ms=60_000)
    wire = here.wire(f"RW|{here.token()}")
    here.clock.advance(60)
    wire.send(upload(late))
    assert is_refused(wire, 2, "RW")


def test_or_after_a_puback_by_setting(place: Places) -> None:
    here = place(bad_upload="puback-first")
    wire = here.wire(f"RW|{here.token()}")
    wire.send(upload("123"))
    assert wire.receive() == Puback(7)
    assert is_refused(wire, 1, "RW")


def test_whoever_does_not_wait_for_the_puback_is_caught(place: Places) -> None:
    here = place(upload_delay_s=2)
    token = here.token("W", "devcred/b")
    patient, hasty = (here.wire(f"W|{here.token('W', 'devcred/a')}") for _ in range(2))
    for wire in (patient, hasty):
        wire.send(upload(token, "W"))
        assert wire.is_quiet()
    hasty.send(Publish("devcred/b", b"", 1, packet_id=1))
    assert is_refused(hasty, 4, "W")
    assert may_publish(patient, "devcred/a")  # the old token holds until the PUBACK
    here.clock.advance(2)
    assert patient.receive() == Puback(7)
    assert may_publish(patient, "devcred/b")


def test_a_device_credential_has_no_tokens_to_renew(place: Places, connect_as: Any) -> None:
    here = place()
    wire = connect_as(here.twin)
    wire.send(upload(here.token()))
    assert wire.is_closed()


# The end of a token.


def test_a_notice_5_minutes_ahead_once_and_then_the_end(place: Places) -> None:
    here = place()
    expires_ms = here.now_ms + HOUR_MS
    wire = here.wire(f"RW|{here.token()}")
    here.clock.advance(3299.9)
    assert wire.is_quiet()
    here.clock.advance(0.2)
    assert notice(wire) == (EXPIRE_NOTICE, {"expireTime": expires_ms, "type": "RW"})
    here.clock.advance(299)
    assert wire.is_quiet() and may_publish(wire)
    here.clock.advance(1)
    assert is_refused(wire, 2, "RW")
    assert here.end_of(wire) is Info.NOT_AUTHORIZED


def test_each_token_has_its_own_time(place: Places) -> None:
    here = place()
    read, write = here.token("R", life_ms=HOUR_MS), here.token("W", life_ms=2 * HOUR_MS)
    wire = here.wire(f"W|{write}|R|{read}")
    here.clock.advance(3600 - 300)
    assert notice(wire)[1]["type"] == "R"
    wire.send(upload(here.token("R", life_ms=3 * HOUR_MS), "R"))
    assert wire.receive() == Puback(7)
    here.clock.advance(3600)
    assert notice(wire)[1]["type"] == "W"
    here.clock.advance(300)
    assert is_refused(wire, 2, "W")


@pytest.mark.parametrize(("setting", "comes"), [("at-once", True), ("none", False)])
def test_a_token_of_less_than_5_minutes(place: Places, setting: str, comes: bool) -> None:
    here = place(short_token_notice=setting)
    wire = here.wire(f"R|{here.token('R', life_ms=60_000)}")
    if comes:
        assert notice(wire) == (EXPIRE_NOTICE, {"expireTime": here.now_ms + 60_000, "type": "R"})
    assert wire.is_quiet()
    wire.send(upload(here.token("R", life_ms=61_000), "R"))
    assert wire.receive() == Puback(7)
    assert notice(wire)[0] == EXPIRE_NOTICE if comes else wire.is_quiet()
    here.clock.advance(60)
    assert wire.is_quiet()
    here.clock.advance(1)
    assert is_refused(wire, 2, "R")


def test_nothing_is_said_when_notices_are_off(place: Places) -> None:
    here = place(token_notices=False)
    wire = here.wire(f"RW|{here.token()}")
    here.clock.advance(3599)
    assert wire.is_quiet()
    here.clock.advance(1)
    assert wire.is_closed()


def test_an_expiry_found_at_the_next_use(place: Places) -> None:
    here = place(token_expiry="next-use")
    wire = here.wire(f"RW|{here.token()}")
    here.clock.advance(7200)
    assert notice(wire)[0] == EXPIRE_NOTICE
    assert wire.is_quiet()
    wire.send(Publish("devcred/a", b"", 1, packet_id=1))
    assert is_refused(wire, 2, "RW")
    assert here.end_of(wire) is Info.RESOURCE


def test_an_expiry_found_with_the_heartbeat(place: Places) -> None:
    here = place(token_expiry="heartbeat")
    wire = here.wire(f"RW|{here.token(life_ms=100_000)}", keepalive_s=60)
    assert notice(wire)[0] == EXPIRE_NOTICE
    here.clock.advance(179)  # 1.5 times 60 s, twice, less a second
    assert may_publish(wire)
    here.clock.advance(1)
    assert is_refused(wire, 2, "RW")


# Revocation.


def test_a_revocation_found_at_the_next_use(place: Places) -> None:
    here = place()
    token = here.token("W")
    wire = here.wire(f"R|{here.token('R')}|W|{token}")
    assert here.twin.call(here.twin.twin.state.tokens.revoke, token)
    assert wire.is_quiet()
    wire.send(Publish("devcred/a", b"", 1, packet_id=1))
    assert is_refused(wire, 3, "W")
    assert here.end_of(wire) is Info.RESOURCE


def test_or_at_once_by_setting_and_on_its_holders_alone(place: Places) -> None:
    here = place(revoke_token="at-once")
    token = here.token("W")
    holders = [here.wire(f"W|{token}") for _ in range(2)]
    other = here.wire(f"W|{here.token('W')}")
    assert here.twin.call(here.twin.twin.state.tokens.revoke, token)
    assert all(is_refused(wire, 3, "W") for wire in holders)
    assert other.is_quiet()


def test_timers_go_with_their_connections(place: Places) -> None:
    here = place()
    for _ in range(200):
        with Wire(here.twin.mqtt_port) as wire:
            assert wire.login(here.connect(f"RW|{here.token()}")).code == 0
    deadline = here.wire(f"RW|{here.token()}")
    assert deadline.is_quiet()
    left = here.twin.call(lambda: len(here.twin.twin.broker.timers))
    assert left < 150
