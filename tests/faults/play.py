"""One fault, one device: a virtual board, numbered messages, and what came of it; here before the twin."""

import json
import queue
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from devcred.credential import Credential
from host_tools.demo.console import Said, parse
from host_tools.twin import TwinThread
from host_tools.twin.faults import FaultBook
from host_tools.vboard import VirtualBoard
from tests.e2e.device import GROUP, Device, Lines, registered
from tests.faults.rows import DEADLINE_MS, KEEPALIVE_S, Row

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
    strikes: Counter[str] = field(default_factory=Counter)
    down_since_s: float = 0.0

    def note(self, said: Said | None) -> None:
        """One line of the console, None for one that is no event."""
        if said is None:
            return
        if said.name in ("lost", "refused"):
            self.causes.append(said.value("cause"))
            self.online = False
            self.down_since_s = self.down_since_s or said.at_s
        elif said.name == "connack":
            self.online = True
            if self.down_since_s:
                self.recoveries_s.append(said.at_s - self.down_since_s)
            self.down_since_s = 0.0


class Listener:
    """The host's subscriber, on the plain port, so that faults of the TLS port are not its.

    Its session is kept, so that a broker's restart costs it nothing. `of`: the client whose numbers count.
    """

    def __init__(self, own: Credential, port: int, of: str) -> None:
        self.numbers: queue.Queue[int] = queue.Queue()
        self._of = of
        self._ready: queue.Queue[bool] = queue.Queue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=own.client_id, clean_session=False)
        self._client.username_pw_set(own.username, own.password())
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos=1)
        self._client.on_subscribe = lambda *_: self._ready.put(True)
        self._client.on_message = lambda _c, _d, message: self._heard(json.loads(message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._ready.get(timeout=10)

    def _heard(self, body: dict[str, Any]) -> None:
        if body["client_id"] == self._of:
            self.numbers.put(body["number"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        # Its callbacks lead back here: a ring, whose sockets the collector would complain of.
        del self._client


def play(row: Row, board_id: str, mode: str, folder: Path) -> Outcome:
    """Arm a twin, power the board on, and follow it until it is back in service, or past the bound."""
    folder.mkdir()
    with TwinThread(groups=(GROUP,)) as twin:
        device = Device(twin, row.name, folder, board_id=board_id, mode=mode, config=dict(CONFIG))
        device.files["/app.py"] = APP
        own = registered(twin, f"{GROUP}@@@listener").for_device()
        for fault in row.faults:
            twin.faults.add(**aimed(fault, device.client_id))
        with Listener(own, twin.mqtt_port, device.client_id) as listener, device.running() as on:
            return followed(row, lambda _: all_struck(twin.faults), *on, listener)


def aimed(fault: dict[str, Any], client_id: str) -> dict[str, Any]:
    """The same fault, for this client alone where it strikes packets."""
    return fault | ({"client_id": client_id} if fault["where"] in ("connack", "in", "out") else {})


def all_struck(book: FaultBook) -> bool:
    """Whether each fault that is set has struck."""
    return all(entry.hits for entry in book.list())


def followed(
    row: Row, strikes: Callable[[Outcome], bool], vboard: VirtualBoard, lines: Lines, listener: Listener
) -> Outcome:
    """What became of the board. `strikes` is asked after each turn until it says that it has happened."""
    outcome = Outcome()
    started_s = struck_s = time.monotonic()
    while time.monotonic() < (struck_s + row.bound_s if outcome.struck else started_s + STRIKE_S):
        take_turn(outcome, lines, listener)
        if not outcome.struck and strikes(outcome):
            outcome.struck, struck_s = True, time.monotonic()
        if outcome.struck and _is_back(row, outcome):
            break
    outcome.took_s = time.monotonic() - struck_s
    outcome.resets = [event.text for event in vboard.events if event.kind == "reset"]
    return outcome


def take_turn(outcome: Outcome, lines: Lines, listener: Listener) -> None:
    """Note what console and subscriber have told by now; waits a moment for more."""
    for line in lines(0.05):
        outcome.note(parse(line, time.monotonic()))
    while not listener.numbers.empty():
        outcome.numbers.append(listener.numbers.get())


def _is_back(row: Row, outcome: Outcome) -> bool:
    noticed = bool(outcome.causes) or not row.causes
    return noticed and outcome.online and len(set(outcome.numbers)) == MESSAGES


def check(row: Row, outcome: Outcome) -> None:
    """Named, survived, nothing lost, nothing out of order."""
    assert outcome.struck, outcome
    assert outcome.online, outcome
    if row.causes:
        assert outcome.causes, outcome
        assert outcome.causes[0] in row.causes, outcome
    else:
        assert not outcome.causes, outcome
    # First arrivals in order, none missing; again is allowed, for who was not acknowledged asks again.
    assert list(dict.fromkeys(outcome.numbers)) == list(range(MESSAGES)), outcome
    assert not outcome.resets, outcome
