"""One fault, one device: a twin of its own, a virtual board, numbered messages, and what came of it."""

import json
import queue
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from devcred import signing
from host_tools.cloud.credentials import DeviceCredential, register
from host_tools.demo.console import Said, parse
from host_tools.twin import TwinThread
from host_tools.vboard import VirtualBoard
from tests.e2e.device import GROUP, Device, Lines
from tests.faults.rows import DEADLINE_MS, KEEPALIVE_S, ROWS, Row

# A fault has struck by then: the slowest waits for the first ping, half the keep-alive after login.
STRIKE_S = 20.0
MESSAGES = 6
CONFIG = {
    "connect_timeout_ms": DEADLINE_MS,
    "keepalive_s": KEEPALIVE_S,
    "retry_base_ms": 100,
    "retry_cap_ms": 1000,
    "refused_retry_ms": 1000,
}
TOPIC = "devcred/reading"

# Six numbered messages, a subscription, and after that silence, in which only pings go.
APP = b"""
numbers = iter(range(%d))

def setup(agent):
    agent.subscribe("devcred/settings", lambda topic, payload: None)

def loop(agent):
    number = next(numbers, None)
    if number is not None:
        agent.publish("%s", {"number": number})
""" % (MESSAGES, TOPIC.encode())


@dataclass
class Outcome:
    """What one play came to."""

    struck: bool = False
    causes: list[str] = field(default_factory=list)
    online: bool = False
    numbers: list[int] = field(default_factory=list)
    took_s: float = 0.0
    resets: list[str] = field(default_factory=list)
    recoveries_s: list[float] = field(default_factory=list)
    down_since_s: float = 0.0


class Listener:
    """The host's subscriber, on the plain port, so that faults of the TLS port are not its."""

    def __init__(self, held: DeviceCredential, port: int) -> None:
        self.numbers: queue.Queue[int] = queue.Queue()
        self._ready: queue.Queue[bool] = queue.Queue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=held.client_id)
        self._client.username_pw_set(
            signing.device_username(held.key_id, held.instance_id),
            signing.password(held.client_id, held.secret),
        )
        self._client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos=1)
        self._client.on_subscribe = lambda *_: self._ready.put(True)
        self._client.on_message = lambda _c, _d, m: self.numbers.put(json.loads(m.payload)["number"])
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._ready.get(timeout=10)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        # Its callbacks lead back here: a ring, whose sockets the collector would complain of.
        del self._client


def play(row: Row, board_id: str, mode: str, folder: Path) -> Outcome:
    """Arm the twin, power the board on, and follow it until it is back in service, or past the bound."""
    folder.mkdir()
    with TwinThread(groups=(GROUP,)) as twin:
        device = Device(twin, row.name, folder, board_id=board_id, mode=mode, config=dict(CONFIG))
        device.files["/app.py"] = APP
        listener = Listener(register(device.cloud, f"{GROUP}@@@listener"), twin.mqtt_port)
        armed = [twin.faults.add(**_aimed(fault, device.client_id)) for fault in row.faults]
        try:
            with device.running() as (vboard, lines):
                return _followed(row, twin, armed, vboard, lines, listener)
        finally:
            listener.stop()


def _aimed(fault: dict[str, Any], client_id: str) -> dict[str, Any]:
    return fault | ({"client_id": client_id} if fault["where"] in ("connack", "in", "out") else {})


def _followed(
    row: Row,
    twin: TwinThread,
    armed: list[int],
    vboard: VirtualBoard,
    lines: Lines,
    listener: Listener,
) -> Outcome:
    outcome = Outcome()
    started_s = struck_s = time.monotonic()
    while time.monotonic() < (struck_s + row.bound_s if outcome.struck else started_s + STRIKE_S):
        for line in lines(0.05):
            _note(parse(line, time.monotonic()), outcome)
        while not listener.numbers.empty():
            outcome.numbers.append(listener.numbers.get())
        if not outcome.struck and all(entry.hits for entry in twin.faults.list() if entry.number in armed):
            outcome.struck, struck_s = True, time.monotonic()
        if outcome.struck and _is_back(row, outcome):
            break
    outcome.took_s = time.monotonic() - struck_s
    outcome.resets = [event.text for event in vboard.events if event.kind == "reset"]
    return outcome


def _note(said: Said | None, outcome: Outcome) -> None:
    if said is None:
        return
    if said.name in ("lost", "refused"):
        outcome.causes.append(said.value("cause"))
        outcome.online = False
        outcome.down_since_s = outcome.down_since_s or said.at_s
    elif said.name == "connack":
        outcome.online = True
        if outcome.down_since_s:
            outcome.recoveries_s.append(said.at_s - outcome.down_since_s)
        outcome.down_since_s = 0.0


def _is_back(row: Row, outcome: Outcome) -> bool:
    noticed = bool(outcome.causes) or not row.causes
    return noticed and outcome.online and len(set(outcome.numbers)) == MESSAGES


SEEDED_MESSAGES = 40
SEEDED_S = 90.0
# One every fifth turn of the agent's loop, so that faults strike in the midst of them.
SEEDED_APP = b"""
turns = 0

def loop(agent):
    global turns
    turns += 1
    number = turns // 5
    if turns %% 5 == 0 and number <= %d:
        agent.publish("%s", {"number": number - 1})
""" % (SEEDED_MESSAGES, TOPIC.encode())


def play_seed(seed: int, board_id: str, folder: Path) -> Outcome:
    """Some faults at once, chosen by `seed`, each on a random event and once or twice."""
    folder.mkdir()
    chance = random.Random(seed)
    chosen = chance.sample([row for row in ROWS if row.bound_s < 10], 4)
    with TwinThread(groups=(GROUP,)) as twin:
        device = Device(twin, f"seed-{seed}", folder, board_id=board_id, config=dict(CONFIG))
        device.files["/app.py"] = SEEDED_APP
        listener = Listener(register(device.cloud, f"{GROUP}@@@listener"), twin.mqtt_port)
        for row in chosen:
            for fault in row.faults:
                aimed = _aimed(fault, device.client_id)
                twin.faults.add(**aimed, nth=chance.randint(1, 3), times=chance.randint(1, 2))
        try:
            with device.running() as (vboard, lines):
                return _until_all_came(vboard, lines, listener)
        finally:
            listener.stop()


def _until_all_came(vboard: VirtualBoard, lines: Lines, listener: Listener) -> Outcome:
    outcome = Outcome()
    started_s = time.monotonic()
    while time.monotonic() < started_s + SEEDED_S:
        for line in lines(0.05):
            _note(parse(line, time.monotonic()), outcome)
        while not listener.numbers.empty():
            outcome.numbers.append(listener.numbers.get())
        if outcome.online and len(set(outcome.numbers)) == SEEDED_MESSAGES:
            break
    outcome.took_s = time.monotonic() - started_s
    outcome.resets = [event.text for event in vboard.events if event.kind == "reset"]
    return outcome
