"""The day with the real token server and the twin: every delivery is made, over HTTP; only the time between
two of them is skipped.

The server's outage is its end and a new start over the same state, the service's a fault of the twin's. What
is skipped passes for twin, server and devices alike. The devices share the server's process and time, so what
a delivery takes is no measure of the server.
"""

import json
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from devcred import tokens
from host_tools.simulate.day.fleet import Fleet
from host_tools.simulate.day.plan import PARENT, PER_S, START_S, Day
from host_tools.simulate.day.servers import Clock, Servers
from host_tools.simulate.day.tally import Tally
from host_tools.tokens.state import open_state
from host_tools.twin import Settings, TwinThread

Progress = Callable[[int, int], None]
"""Told now and then: the second of the day, and the deliveries so far."""
_AT_ONCE = 8
_BEFORE_S = 600
"""Room for twin, server and accounts to be made before the day begins."""
_ANSWER_S = 30.0


def run(
    day: Day,
    progress: Progress = lambda _at_s, _deliveries: None,
    interruptible: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Tally:
    """The whole day; interrupts are let in while all is there. MachineError if a server cannot start."""
    clock = Clock(START_S - _BEFORE_S)
    settings = Settings(check_replay=False)  # the SDK dates its calls by the computer's own clock
    groups = [day.group_id(group) for group in range(day.groups)]
    with (
        tempfile.TemporaryDirectory(prefix="devcred-simulate-") as folder,
        TwinThread(groups=groups, topics=[PARENT], clock=clock, settings=settings) as twin,
        Servers(day, twin, open_state(Path(folder) / "state", None), clock) as servers,
        ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="devices") as pool,
        interruptible(),
    ):
        return _Wire(day, clock, servers, pool).run(progress)


class _Wire:
    def __init__(self, day: Day, clock: Clock, servers: Servers, pool: ThreadPoolExecutor) -> None:
        self._day = day
        self._clock = clock
        self._servers = servers
        self._pool = pool
        self._tally = Tally(day)
        self._fleet = Fleet(day)
        happenings = [
            (day.service_out.start_s, servers.service_away),
            (day.service_out.end_s, servers.service_back),
            (day.server_out.start_s, servers.down),
            (day.server_out.end_s, servers.up),
        ]
        self._happenings = sorted(happenings, key=lambda each: each[0])

    def run(self, progress: Progress) -> Tally:
        deliveries = 0
        while (slot := self._fleet.next_slot()) is not None:
            self._pass_to(slot / PER_S)
            asking = [device for at in range(slot, slot + PER_S) for device in self._fleet.asking(at)]
            for device, answer in zip(asking, self._pool.map(self._ask, asking), strict=True):
                deliveries += self._answered(device, answer)
            progress(slot // PER_S, deliveries)
        for succeeded, at_s in self._servers.calls():
            at_ms = int((at_s - START_S) * 1000)
            (self._tally.calls if succeeded else self._tally.failed_calls)[at_ms] += 1
        for device in range(self._day.devices):
            self._tally.late(self._fleet.expires_s(device), START_S + self._day.length_s)
        return self._tally

    def _pass_to(self, at_s: float) -> None:
        while self._happenings and self._happenings[0][0] <= at_s:
            then_s, happens = self._happenings.pop(0)
            self._clock.skip_to(START_S + then_s)
            happens()
        self._clock.skip_to(START_S + at_s)

    def _ask(self, device: int) -> tuple[int, dict[str, Any]]:
        """(status, answer), status 0 if there is no server; as the agent asks, but for TLS."""
        client_id = self._day.client_id(device)
        connection = HTTPConnection("127.0.0.1", self._servers.port, timeout=_ANSWER_S)
        try:
            _, made = _post(connection, "challenge", {"client_id": client_id})
            proof = tokens.proof(self._servers.keys[device].encode(), "tokens", client_id, made["nonce"])
            asked = {"client_id": client_id, "nonce": made["nonce"], "proof": proof}
            return _post(connection, "tokens", asked)
        except (OSError, HTTPException):
            return 0, {}
        finally:
            connection.close()

    def _answered(self, device: int, answered: tuple[int, dict[str, Any]]) -> bool:
        """Whether there were tokens."""
        status, body = answered
        slot = int((self._clock() - START_S) * PER_S)
        if status != 200:
            self._tally.came("refused" if status else "unanswered", slot // PER_S)
            self._fleet.failed(device, body.get("retry_in_s", 0), slot)
            return False
        given, left_s, renew_s = tokens.answer(body, "tokens", self._day.client_id(device))
        self._tally.came("degraded" if body["degraded"] else "fresh", slot // PER_S)
        self._tally.late(self._fleet.expires_s(device), START_S + slot // PER_S)
        self._fleet.given(device, given.expire_s, left_s, renew_s, slot)
        return True


def _post(connection: HTTPConnection, what: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
    connection.request("POST", f"/v1/{what}", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
