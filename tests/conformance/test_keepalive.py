"""MQTT 3.1.1 sections 3.1.2.10 and 3.12: pings, and how long silence may last."""

import time

from tests.conformance.brokers import Broker
from tests.conformance.conftest import Dial
from tests.conformance.raw import PINGREQ, PINGRESP, Raw, publish

LATEST_S = {"twin": 2.0, "mosquitto": 9.0}
"""When a client with keep-alive 1 must be gone: mosquitto looks every few seconds only."""


def test_mqtt_3_12_4_1_each_ping_is_answered(wire: Raw) -> None:
    """MQTT-3.12.4-1."""
    wire.send(PINGREQ * 100)
    assert wire.packets(100) == [PINGRESP] * 100


def test_mqtt_3_1_2_24_silence_of_one_and_a_half_times_closes(dial: Dial, name: str, broker: Broker) -> None:
    """MQTT-3.1.2-24: not before, and soon after; a keep-alive of 0 asks for nothing."""
    silent, without = dial(10).login(name, keepalive_s=1), dial().login(name + "b", keepalive_s=0)
    start_s = time.monotonic()
    assert silent.is_closed()
    took_s = time.monotonic() - start_s
    assert 1.49 <= took_s <= LATEST_S[broker.name]
    assert without.is_quiet()


def test_mqtt_3_1_2_23_any_packet_keeps_it_alive(dial: Dial, name: str) -> None:
    """MQTT-3.1.2-23, -24: for longer than one silence may last."""
    pinging, publishing = (dial().login(name + end, keepalive_s=1) for end in "pq")
    for _ in range(2):
        time.sleep(0.9)  # the silence itself is what is tried
        pinging.send(PINGREQ)
        publishing.send(publish(name))
    assert pinging.packets(2) == [PINGRESP] * 2
    assert publishing.is_quiet()
