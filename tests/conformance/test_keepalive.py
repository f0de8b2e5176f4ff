"""MQTT 3.1.1 sections 3.1.2.10 and 3.12: pings, and how long silence may last."""

import time

from tests.conformance.brokers import Broker
from tests.conformance.conftest import Dial
from tests.conformance.raw import PINGREQ, PINGRESP, Raw, publish

KEEPALIVE_S = 2
LATEST_S = {"twin": 4.5, "mosquitto": 12.0}
"""When the silent client must be gone: mosquitto looks every few seconds only."""


def test_mqtt_3_12_4_1_each_ping_is_answered(wire: Raw) -> None:
    """MQTT-3.12.4-1."""
    wire.send(PINGREQ * 100)
    assert wire.packets(100) == [PINGRESP] * 100


def closes_within(wire: Raw, wait_s: float) -> bool:
    """Whether the broker closes in that time; it must not say anything."""
    wire.socket.settimeout(wait_s)
    try:
        return wire.is_closed()
    except TimeoutError:
        return False


def test_mqtt_3_1_2_24_silence_of_one_and_a_half_times_closes(dial: Dial, name: str, broker: Broker) -> None:
    """MQTT-3.1.2-23, -24: not before, and soon after. Any packet counts; 0 asks for nothing."""
    free = dial().login(name + "free", keepalive_s=0)
    pinging, publishing = (dial().login(name + end, keepalive_s=KEEPALIVE_S) for end in ("ping", "pub"))
    start_s, pings = time.monotonic(), 0
    silent = dial().login(name, keepalive_s=KEEPALIVE_S)
    while not closes_within(silent, 1.0):
        assert time.monotonic() - start_s < LATEST_S[broker.name]
        pinging.send(PINGREQ)
        publishing.send(publish(name))
        pings += 1
    assert time.monotonic() - start_s >= 1.5 * KEEPALIVE_S
    assert pinging.packets(pings) == [PINGRESP] * pings
    assert pinging.is_quiet() and publishing.is_quiet() and free.is_quiet()
