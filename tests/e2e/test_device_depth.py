"""The agent's calls fit the C stack of an RP2: no deeper than a Pico W lets a function call itself."""

import json
from pathlib import Path

from host_tools.cloud import messages
from host_tools.twin import TwinThread
from tests.e2e.device import GROUP, Device
from tests.pico import fidelity

ONLINE_S = 20.0
# The probe asks three calls below main.py.
LEVELS = int(fidelity.kept()["firmware"]["recursion-depth"]) + 3
# The unix VM's imports alone take more stack than an RP2 has, and this VM's C stack cannot be set. So first
# all that the agent imports, and then calls upon calls, until no more are left than on the board.
MAIN = f"""
import asyncio, socket, ssl
for name in ("agent", "board", "mqtt", "panel", "session", "stream", "tasks"):
    try:
        __import__("devcred." + name)
    except ImportError:  # a whole agent is one file
        pass
from devcred import agent

def levels(level=0):
    try:
        return levels(level + 1)
    except RuntimeError:
        return level

def sink():
    return sink() if levels() > {LEVELS} else agent.main()

sink()
"""
APP = b"""
import asyncio

async def task(agent):
    while True:
        print("devcred 0 task runs")
        await asyncio.sleep_ms(100)
"""


def test_its_calls_fit_a_picos_stack(tmp_path: Path) -> None:
    with TwinThread(groups=(GROUP,)) as twin:
        device = Device(twin, "deep", tmp_path, "RPI_PICO_W", config={"led_pin": "LED", "retry_spread_ms": 0})
        device.files |= {"/main.py": MAIN.encode(), "/app.py": APP}
        with device.powered() as (_, console):
            console.expect("published", ONLINE_S)
            console.expect("task", ONLINE_S)
            question = json.dumps({"id": "7", "cmd": "info"})
            messages.send_message(device.cloud, f"devcred/p2p/{device.client_id}", question)
            console.expect("replied", ONLINE_S)
            messages.close_connection(device.cloud, device.client_id)
            console.expect("lost", ONLINE_S)
            console.expect("published", ONLINE_S)
