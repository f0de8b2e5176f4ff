"""The scripts that the bench runs in MicroPython do what they are timed for."""

import pytest

from benchmarks import micropython
from devcred import signing
from host_tools.twin import TwinThread

CLIENT_ID = "GID_bench@@@device"


@pytest.mark.parametrize("way", ["agent", "umqtt"])
def test_each_way_publishes(way: str) -> None:
    with TwinThread(groups=["GID_bench"]) as twin:
        held = twin.call(twin.twin.state.new_credential, CLIENT_ID)
        username = signing.device_username(held.key_id, twin.instance_id)
        login = (way, twin.mqtt_port, CLIENT_ID, username, signing.password(CLIENT_ID, held.secret), 3)
        took_us = float(micropython.run("roundtrip.py", stdin="".join(f"{each}\n" for each in login)))
        assert len(twin.message_trace) == 4  # one before the clock runs
    assert took_us > 1


def test_both_ways_sign_alike() -> None:
    ours, theirs = (micropython.run("sign.py", [way, "1"]) for way in ("ours", "object"))
    assert ours == theirs and len(ours.strip()) == 28
