"""MQTT 3.1.1 section 3.1: the CONNECT packet. Sessions and the CONNACK are in `test_session`."""

import pytest

from tests.conformance.conftest import Dial
from tests.conformance.raw import (
    DISCONNECT,
    PINGREQ,
    Raw,
    connack,
    connect,
    publish,
    pubrel,
    subscribe,
    text,
    unsubscribe,
)

WILL, WILL_RETAIN, USER, PASSWORD = 0x04, 0x20, 0x80, 0x40
FIRST = {
    "PUBLISH": publish("a"),
    "PUBREL": pubrel(1),
    "SUBSCRIBE": subscribe(1, ("a", 0)),
    "UNSUBSCRIBE": unsubscribe(1, "a"),
    "PINGREQ": PINGREQ,
    "DISCONNECT": DISCONNECT,
    "a browser's": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS": bytes.fromhex("160301020001000000"),
}


@pytest.mark.parametrize("packet", FIRST.values(), ids=FIRST.keys())
def test_mqtt_3_1_0_1_the_first_packet_must_be_connect(dial: Dial, packet: bytes) -> None:
    """MQTT-3.1.0-1: any other closes."""
    assert dial().is_closed_by(packet)


@pytest.mark.parametrize("end", ["", "another"])
def test_mqtt_3_1_0_2_a_second_connect_closes(wire: Raw, name: str, end: str) -> None:
    """MQTT-3.1.0-2: with whatever client ID; and it is not answered."""
    assert wire.is_closed_by(connect(name + end))


@pytest.mark.parametrize("protocol", ["hj", "mqtt", "MQTTX", "", "MQIsdp", b"MQ\xff\xff"], ids=str)
def test_mqtt_3_1_2_1_another_protocol_name_is_not_let_in(dial: Dial, name: str, protocol: str) -> None:
    """MQTT-3.1.2-1: closed, or refused; never processed as MQTT 3.1.1."""
    wire = dial()
    wire.send(connect(name, name=protocol))
    assert wire.packet() in (None, connack(1))
    assert wire.is_closed()


@pytest.mark.parametrize("level", [0, 3, 6, 127])
def test_mqtt_3_1_2_2_another_level_gets_code_1(dial: Dial, name: str, level: int) -> None:
    """MQTT-3.1.2-2, MQTT-3.2.2-5: CONNACK 1, then closed."""
    wire = dial()
    wire.send(connect(name, level=level))
    assert wire.packet() == connack(1)
    assert wire.is_closed()


def test_mqtt_3_1_2_2_level_5_gets_code_1(dial: Dial, name: str) -> None:
    """MQTT-3.1.2-2: a whole CONNECT of MQTT 5, properties and all, at a server of 3.1.1."""
    wire = dial()
    wire.send(bytes.fromhex("10 10 00044d515454 05 02 003c 00 0003") + name.ljust(3, "x")[:3].encode())
    assert wire.packet() == connack(1)
    assert wire.is_closed()


def test_mqtt_3_1_2_3_the_reserved_flag_closes(dial: Dial, name: str) -> None:
    """MQTT-3.1.2-3, MQTT-3.1.4-1: without a CONNACK."""
    assert dial().is_closed_by(connect(name, flags=0x01))


WILLS = {
    "QoS without a will": (0x08, b""),
    "retain without a will": (WILL_RETAIN, b""),
    "topic without a will": (0, text("w") + text("gone")),
    "QoS 3": (WILL | 0x18, text("w") + text("gone")),
    "no topic": (WILL, b""),
    "no message": (WILL, text("w")),
    "topic with a wildcard": (WILL, text("w/#") + text("gone")),
    "empty topic": (WILL, text("") + text("gone")),
    "topic that is not UTF-8": (WILL, text(b"w\xff") + text("gone")),
}


@pytest.mark.parametrize(("flags", "rest"), WILLS.values(), ids=WILLS.keys())
def test_mqtt_3_1_2_9_a_malformed_will_closes(dial: Dial, name: str, flags: int, rest: bytes) -> None:
    """MQTT-3.1.2-9, -11, -13, -14, -15; MQTT-3.1.3-10, MQTT-4.7.1-1, MQTT-4.7.3-1."""
    assert dial().is_closed_by(connect(name, rest, flags=flags))


NAMES = {
    "user name that is not there": (USER, b""),
    "user name with no flag": (0, text("u")),
    "user name that is not UTF-8": (USER, text(b"\xff")),
    "password that is not there": (USER | PASSWORD, text("u")),
    "password with no flag": (USER, text("u") + text("p")),
    "password with no user name": (PASSWORD, text("p")),
    "password cut short": (USER | PASSWORD, text("u") + b"\0\x05p"),
}


@pytest.mark.parametrize(("flags", "rest"), NAMES.values(), ids=NAMES.keys())
def test_mqtt_3_1_2_19_flags_and_fields_must_agree(dial: Dial, name: str, flags: int, rest: bytes) -> None:
    """MQTT-3.1.2-18 to -22, MQTT-3.1.3-11."""
    assert dial().is_closed_by(connect(name, rest, flags=flags))


def test_mqtt_3_1_3_1_fields_in_their_order(dial: Dial, name: str) -> None:
    """MQTT-3.1.3-1, -3; MQTT-3.1.2-9, -19, -21; MQTT-3.1.4-4: everything a CONNECT can hold, and code 0."""
    fields = (text("w"), text("gone"), text("u"), text(b"\xff\0 any bytes"))
    wire = dial()
    wire.send(connect(name, *fields, flags=USER | PASSWORD | WILL | 0x10))
    assert wire.packet() == connack()
    wire.leave()


BAD_IDS = {"not UTF-8": b"c\xff", "surrogate": b"\xed\xbf\xbf", "null character": b"c\0"}


@pytest.mark.parametrize("client_id", BAD_IDS.values(), ids=BAD_IDS.keys())
def test_mqtt_3_1_3_4_a_client_id_must_be_text(dial: Dial, client_id: bytes) -> None:
    """MQTT-3.1.3-4, MQTT-1.5.3-1, -2: anything else closes; code 2 is a way as well."""
    wire = dial()
    wire.send(connect(client_id))
    assert wire.packet() in (None, connack(2))
    assert wire.is_closed()


@pytest.mark.parametrize(
    "client_id", ["0", "abcdefghijklmnopqrstuvw", "ABCDEFGHIJKLMNOPQRSTUVW", "xyzXYZ0123456789"]
)
def test_mqtt_3_1_3_5_1_to_23_letters_and_digits(dial: Dial, client_id: str) -> None:
    """MQTT-3.1.3-5: client IDs that every server takes."""
    assert dial().login(client_id).is_quiet()


def test_mqtt_3_1_3_6_an_empty_client_id_is_made_up(dial: Dial) -> None:
    """MQTT-3.1.3-2, -6: each of them another, so that neither takes the other's place."""
    one, two = dial().login(""), dial().login("")
    assert one.is_quiet() and two.is_quiet()


def test_mqtt_3_1_3_8_an_empty_client_id_keeps_no_session(dial: Dial) -> None:
    """MQTT-3.1.3-7, -8, -9: CONNACK 2, then closed."""
    wire = dial()
    wire.send(connect("", clean=False))
    assert wire.packet() == connack(2)
    assert wire.is_closed()


def test_mqtt_3_1_4_1_a_connect_cut_short_closes(dial: Dial, name: str) -> None:
    """MQTT-3.1.4-1: at each byte of its body, without a CONNACK."""
    body = connect(name, text("u"), flags=USER)[2:]
    for end in range(len(body)):
        with dial() as wire:
            assert wire.is_closed_by(bytes((0x10, end)) + body[:end]), end


def test_mqtt_3_1_4_5_nothing_after_a_refused_connect_counts(dial: Dial, wire: Raw, name: str) -> None:
    """MQTT-3.1.4-5: it may come in the same segment."""
    wire.subscribe((name, 1))
    refused = dial()
    refused.send(connect("", clean=False), publish(name, b"no", 1, 1), PINGREQ)
    assert refused.packet() == connack(2)
    assert refused.is_closed()
    assert wire.is_quiet()
