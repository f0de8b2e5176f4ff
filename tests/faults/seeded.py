"""Faults chosen by a seed, some at once, while a device sends numbered messages."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from host_tools.twin import TwinThread
from host_tools.twin.faults.book import Listed
from tests.e2e.device import GROUP, Device, registered
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


def play_seed(seed: int, board_id: str, folder: Path, stopped: Callable[[], bool] = lambda: False) -> Outcome:
    """Some faults at once, chosen by `seed`, each on a random event and once or twice.

    Once `stopped` says so it is broken off where it stands.
    """
    folder.mkdir()
    chance = random.Random(seed)
    chosen = chance.sample([row for row in ROWS if row.bound_s < 10], 4)
    with TwinThread(groups=(GROUP,)) as twin:
        device = Device(twin, f"seed-{seed}", folder, board_id=board_id, config=dict(CONFIG))
        device.files["/app.py"] = APP
        own = registered(twin, f"{GROUP}@@@listener").for_device()
        for row in chosen:
            for fault in row.faults:
                how = {"nth": chance.randint(1, 3), "times": chance.randint(1, 2)}
                twin.faults.add(**aimed(fault, device.client_id), **how)
        with Listener(own, twin.mqtt_port, device.client_id) as listener, device.running() as (vboard, lines):
            outcome = Outcome()
            started_s = time.monotonic()
            while time.monotonic() < started_s + _BOUND_S and not stopped():
                take_turn(outcome, lines, listener)
                if outcome.online and len(set(outcome.numbers)) == MESSAGES:
                    break
            outcome.took_s = time.monotonic() - started_s
            outcome.resets = [event.text for event in vboard.events if event.kind == "reset"]
            outcome.strikes = strikes(twin.faults.list())
            return outcome


def strikes(listed: Iterable[Listed]) -> Counter[str]:
    """How often each kind of fault struck."""
    counts: Counter[str] = Counter()
    for entry in listed:
        fault = entry.fault
        detail = fault.packet or fault.certificate or (fault.code if fault.what == "code" else "")
        counts[f"{fault.where} {fault.what} {detail}".rstrip()] += entry.hits
    return +counts
