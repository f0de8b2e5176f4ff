"""The user's app.py on a device in service: it hears, it publishes, it fails, and the link stands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.cloud import messages
from host_tools.twin import TwinThread
from tests.e2e.device import GROUP, Device

ONLINE_S = 20.0

LISTENING = b"""
def setup(agent):
    agent.subscribe("devcred/settings", lambda topic, payload: print("devcred 0 setting", payload.decode()))
"""

TASKS = b"""
import asyncio

async def child():
    raise ValueError("child is ill")

async def task(agent):
    asyncio.create_task(child())
    number = 0
    while True:
        await asyncio.sleep_ms(100)
        if agent.online() and agent.publish("devcred/reading", {"number": number}):
            number += 1
        if number == 6:
            raise OSError("sensor is ill")
"""


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinThread]:
    with TwinThread(groups=(GROUP,)) as running:
        yield running


def test_it_hears_what_it_subscribed_to(twin: TwinThread, tmp_path: Path) -> None:
    device = Device(twin, "listening", tmp_path)
    device.files["/app.py"] = LISTENING
    with device.powered() as (_, console):
        console.expect("published", ONLINE_S)
        messages.send_message(device.cloud, "devcred/settings", "brightness=7")
        assert console.expect("setting", ONLINE_S).text == "brightness=7"
        # And again after a login of its own making.
        messages.close_connection(device.cloud, device.client_id)
        console.expect("published", ONLINE_S)
        messages.send_message(device.cloud, "devcred/settings", "brightness=8")
        assert console.expect("setting", ONLINE_S).text == "brightness=8"


@pytest.mark.parametrize("board_id", ["ESP32_GENERIC", "RPI_PICO_W"])
def test_its_coroutines_run_beside_the_link_and_fail_alone(
    twin: TwinThread, tmp_path: Path, board_id: str
) -> None:
    device = Device(twin, f"tasks-{board_id}", tmp_path, board_id, config={"heartbeat_s": 1})
    device.files["/app.py"] = TASKS
    with device.powered() as (_, console):
        assert "child is ill" in console.expect("app", ONLINE_S).text
        for _ in range(3):
            while console.expect("published", ONLINE_S).value("topic") != "devcred/reading":
                pass
        assert "sensor is ill" in console.expect("app", ONLINE_S).text
        # The device itself goes on as if nothing had been.
        while console.expect("published", ONLINE_S).value("topic") != "devcred/telemetry":
            pass
