"""Faults chosen by a seed, some at once, while a device sends numbered messages."""

import random
import time
from pathlib import Path

from host_tools.cloud.credentials import register
from host_tools.twin import TwinThread
from tests.e2e.device import GROUP, Device
from tests.faults.play import CONFIG, TOPIC, Listener, Outcome, aimed, take_turn
from tests.faults.rows import ROWS

MESSAGES = 40
_BOUND_S = 90.0
# One every fifth turn of the agent's loop, so that faults strike in the midst of them.
APP = b"""
turns = 0

def loop(agent):
    global turns
    turns += 1
    number = turns // 5
    if turns %% 5 == 0 and number <= %d:
        agent.publish("%s", {"number": number - 1})
""" % (MESSAGES, TOPIC.encode())


def play_seed(seed: int, board_id: str, folder: Path) -> Outcome:
    """Some faults at once, chosen by `seed`, each on a random event and once or twice."""
    folder.mkdir()
    chance = random.Random(seed)
    chosen = chance.sample([row for row in ROWS if row.bound_s < 10], 4)
    with TwinThread(groups=(GROUP,)) as twin:
        device = Device(twin, f"seed-{seed}", folder, board_id=board_id, config=dict(CONFIG))
        device.files["/app.py"] = APP
        own = register(device.cloud, f"{GROUP}@@@listener").for_device()
        for row in chosen:
            for fault in row.faults:
                how = {"nth": chance.randint(1, 3), "times": chance.randint(1, 2)}
                twin.faults.add(**aimed(fault, device.client_id), **how)
        with Listener(own, twin.mqtt_port, device.client_id) as listener, device.running() as (vboard, lines):
            outcome = Outcome()
            started_s = time.monotonic()
            while time.monotonic() < started_s + _BOUND_S:
                take_turn(outcome, lines, listener)
                if outcome.online and len(set(outcome.numbers)) == MESSAGES:
                    break
            outcome.took_s = time.monotonic() - started_s
            outcome.resets = [event.text for event in vboard.events if event.kind == "reset"]
            return outcome
