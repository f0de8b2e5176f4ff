"""One client under one fault: a twin of its own, numbered messages, and what came of them."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.survival.peers import DEVICE, Peer
from benchmarks.survival.rows import BOUND_S, COUNT, Row
from benchmarks.survival.vm import Script, running
from devcred import signing
from host_tools.twin import TwinThread

GROUP = "GID_bench"
_TOPIC = "devcred/numbers"
_POLL_S = 0.02
# What was on its way when the script ended has arrived by then.
_LATE_S = 1.0
_STATES = ("connected", "why", "trying", "acked")
_SYSTEM = re.compile(r"OSError|Errno")
_REFUSAL = re.compile(r"\brefused\b|authori[sz]ed|\b5\b", re.I)


@dataclass
class Fate:
    """What one play came to. `verdict` is the table's cell."""

    verdict: str
    numbers: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    error: str = ""
    gap_s: float | None = None
    """From the fault's strike to the next number that arrived."""


@dataclass
class Heard:
    """The numbers that arrived, each with its time (monotonic s)."""

    numbers: list[tuple[float, int]] = field(default_factory=list)

    def all(self) -> bool:
        """Whether each of them did."""
        return {number for _, number in list(self.numbers)} >= set(range(COUNT))

    def after(self, at_s: float) -> float | None:
        """Seconds from then to the next arrival."""
        return next((heard_s - at_s for heard_s, _ in list(self.numbers) if heard_s > at_s), None)


def play(
    peer: Peer, path: str, row: Row, folder: Path, *, script: Path | None = None, bound_s: float = BOUND_S
) -> Fate:
    """Run the peer's script (or `script` in its stead) under the row's faults, and judge it."""
    with TwinThread(groups=(GROUP,)) as twin, _listening(twin) as heard:
        login = _login(twin, "peer")
        listener = "tls" if peer.tls else "mqtt"
        armed = [twin.faults.add(**_aimed(fault, login["client_id"], listener)) for fault in row.faults]
        given = login | {"port": twin.tls_port if peer.tls else twin.mqtt_port, **_schedule(row)}
        with running(script or DEVICE / peer.script, peer.arguments, path, folder, given) as ran:
            struck_s = _watch(row, twin, armed, ran, heard, time.monotonic() + bound_s)
            return _judged(row, ran, heard, struck_s)


def _schedule(row: Row) -> dict[str, int]:
    return {
        "count": COUNT,
        "interval_ms": row.interval_ms,
        "keepalive_s": row.keepalive_s,
        "pause_before": 3,
        "pause_ms": row.pause_ms,
    }


def _aimed(fault: dict[str, Any], client_id: str, listener: str) -> dict[str, Any]:
    return fault | ({"listener": listener} if fault["where"] == "accept" else {"client_id": client_id})


def _watch(
    row: Row, twin: TwinThread, armed: list[int], ran: Script, heard: Heard, until_s: float
) -> float | None:
    """Until all numbers are there, the script has ended, or the bound; when the fault struck."""
    struck_s = None
    while time.monotonic() < until_s:
        if struck_s is None and armed and all(each.hits for each in twin.faults.list()):
            struck_s = time.monotonic()
        if ran.ended():
            _until(heard.all, _LATE_S)
            break
        if heard.all() or (row.told and _is_told(ran)):
            break
        time.sleep(_POLL_S)
    return struck_s


def _until(true: Any, within_s: float) -> None:
    end_s = time.monotonic() + within_s
    while not true() and time.monotonic() < end_s:
        time.sleep(_POLL_S)


def _judged(row: Row, ran: Script, heard: Heard, struck_s: float | None) -> Fate:
    numbers = [number for _, number in heard.numbers]
    fate = Fate("", numbers, ran.said(), ran.error())
    fate.gap_s = heard.after(struck_s) if struck_s else None
    if row.told:
        fate.verdict = _told_apart(ran)
    elif heard.all():
        fate.verdict = "survives" if struck_s or not row.faults else "survives: did not meet it"
    elif fate.error:
        fate.verdict = f"crashes: {ran.error_name()}"
    elif ran.ended():
        fate.verdict = f"lost {COUNT - len(set(numbers))}"
    else:
        fate.verdict = _unfinished(ran, COUNT - len(set(numbers)))
    return fate


def _unfinished(ran: Script, missing: int) -> str:
    """A script that still runs at the bound: it waits for ever, or knows that it is cut off and has not
    come back yet, or is back, without some of the messages."""
    states = [line.split()[0] for line in ran.said() if line.startswith(_STATES)]
    if "why" not in states or states[-1] == "trying":
        return "hangs"
    return "not back" if states[-1] == "why" else f"lost {missing}"


def _told_apart(ran: Script) -> str:
    told = "told apart" if _is_told(ran) else "not told apart"
    return f"{told} (crashes: {ran.error_name()})" if ran.error() else told


def _is_told(ran: Script) -> bool:
    """Whether the API named the refusal, by its code or in words, to the script or in its exception."""
    words = [line.removeprefix("why ") for line in ran.said() if line.startswith("why ")]
    # Numbers and "refused" in the system's own errors speak of the connection.
    return any(_REFUSAL.search(each) for each in [*words, ran.error()] if not _SYSTEM.search(each))


def _login(twin: TwinThread, name: str) -> dict[str, Any]:
    client_id = f"{GROUP}@@@{name}"
    made = twin.call(twin.twin.state.new_credential, client_id)
    username = signing.device_username(made.key_id, twin.instance_id)
    password = signing.password(client_id, made.secret)
    return {"client_id": client_id, "username": username, "password": password}


@contextmanager
def _listening(twin: TwinThread) -> Iterator[Heard]:
    """A subscriber that was there before the faults were."""
    heard, login, ready = Heard(), _login(twin, "listener"), []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=login["client_id"])
    client.username_pw_set(login["username"], login["password"])
    client.on_connect = _subscribe
    client.on_subscribe = lambda *_: ready.append(True)
    client.on_message = lambda _c, _d, message: heard.numbers.append((time.monotonic(), int(message.payload)))
    client.connect("127.0.0.1", twin.mqtt_port)
    client.loop_start()
    try:
        _until(lambda: ready, 10)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def _subscribe(client: paho.Client, *_: Any) -> None:
    client.subscribe(_TOPIC, qos=1)
