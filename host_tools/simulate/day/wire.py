"""The day with the real token server and the twin: every delivery is made, over HTTP; only the time between
two of them is skipped.

The server's outage is its end and a new start over the same state, the service's a fault of the twin's. What
is skipped passes for twin, server and devices alike. The devices share the server's process and time, so what
a delivery takes is no measure of the server.
"""

import io
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from devcred import tokens
from host_tools.cloud import endpoint
from host_tools.cloud.client import AccessKey, CloudClient
from host_tools.loop_thread import LoopThread
from host_tools.simulate.day.fleet import Fleet
from host_tools.simulate.day.plan import PARENT, PER_S, Day
from host_tools.simulate.day.tally import Tally
from host_tools.tokens import accounts, challenge, control
from host_tools.tokens.accounts import Account
from host_tools.tokens.logs import Log
from host_tools.tokens.parts import Limits
from host_tools.tokens.server import STOP_S, Serving, TokenServer
from host_tools.tokens.state import State, open_state
from host_tools.twin import Settings, TwinThread

Progress = Callable[[int, int], None]
"""Told now and then: the second of the day, and the deliveries so far."""
_AT_ONCE = 8
_ANSWER_S = 30.0
_LIMITS = Limits(address_per_s=10_000, account_per_s=100)
"""All devices have one address here."""


class _Clock:
    """Seconds since 1970, some of them skipped."""

    def __init__(self) -> None:
        self.skipped_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.skipped_s

    def monotonic(self) -> float:
        """Seconds that never go back, the same skipped."""
        return time.monotonic() + self.skipped_s

    def skip_to(self, at_s: float) -> None:
        """If that is still to come."""
        self.skipped_s += max(0.0, at_s - self())


def run(
    day: Day,
    progress: Progress = lambda _at_s, _deliveries: None,
    interruptible: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Tally:
    """The whole day; interrupts are let in while all is there. MachineError if a server cannot start."""
    clock = _Clock()
    settings = Settings(check_replay=False)  # the SDK dates its calls by the computer's own clock
    groups = [day.group_id(group) for group in range(day.groups)]
    with (
        tempfile.TemporaryDirectory(prefix="devcred-simulate-") as folder,
        TwinThread(groups=groups, topics=[PARENT], clock=clock, settings=settings) as twin,
        _Servers(day, twin, open_state(Path(folder) / "state", None), clock) as servers,
        ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="devices") as pool,
        interruptible(),
    ):
        return _Wire(day, clock, servers, pool).run(progress)


class _Servers:
    """The token server, its accounts, and what becomes of server and service in the course of the day."""

    def __init__(self, day: Day, twin: TwinThread, state: State, clock: _Clock) -> None:
        self._day = day
        self._twin = twin
        self._state = state
        self._clock = clock
        self._running = ExitStack()
        self._log = io.StringIO()
        self._fault = 0
        self.port = 0
        self.keys = [challenge.new_key(secrets.token_bytes) for _ in range(day.devices)]

    def __enter__(self) -> "_Servers":
        self._enter_accounts()
        self.up()
        return self

    def __exit__(self, *exc: object) -> None:
        self.down()

    def up(self) -> None:
        """Start it."""
        twin = self._twin
        key = AccessKey(twin.access_key_id, twin.access_key_secret)
        make_client = partial(
            CloudClient,
            endpoint.parse(twin.endpoint),
            twin.instance_id,
            key,
            timeouts=control.TIMEOUTS,
            policy=control.ONCE,
        )
        server = TokenServer(
            self._state,
            make_client,
            Serving(limits=_LIMITS),
            clock=self._clock,
            monotonic=self._clock.monotonic,
            log=Log(self._clock, self._log),
        )
        self._running.enter_context(LoopThread(server, "devcred-tokens", stop_s=STOP_S))
        self.port = server.port

    def down(self) -> None:
        """End it."""
        self._running.close()

    def service_away(self) -> None:
        """From now on ApplyToken answers with an error of the service's."""
        self._fault = self._twin.faults.add(
            where="api",
            operation="ApplyToken",
            what="error",
            times=0,
            error_code="ServiceUnavailable",
            status=503,
        )

    def service_back(self) -> None:
        """It works again."""
        self._twin.faults.remove(self._fault)

    def calls(self) -> Iterator[tuple[bool, float]]:
        """(whether it succeeded, when it ended) of each ApplyToken."""
        for line in map(json.loads, self._log.getvalue().splitlines()):
            if line["event"] in ("applied", "apply-failed"):
                yield line["event"] == "applied", datetime.fromisoformat(line["at"]).timestamp()

    def _enter_accounts(self) -> None:
        day, now_ms = self._day, int(self._clock() * 1000)
        with _database(self._state) as database, database.transaction() as tx:
            for group in range(day.groups):
                made = Account(day.group_id(group), "group", day.rights(group), life_s=day.life_s)
                accounts.add(tx, made, None, self._state.seal, now_ms)
            for device, key in enumerate(self.keys):
                accounts.add(tx, Account(day.client_id(device), "device"), key, self._state.seal, now_ms)


class _Wire:
    def __init__(self, day: Day, clock: _Clock, servers: _Servers, pool: ThreadPoolExecutor) -> None:
        self._day = day
        self._clock = clock
        self._servers = servers
        self._pool = pool
        self._tally = Tally(day)
        self._start_s = int(clock()) + 1
        self._fleet = Fleet(day, self._start_s)
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
            at_ms = int((at_s - self._start_s) * 1000)
            (self._tally.calls if succeeded else self._tally.failed_calls)[at_ms] += 1
        for device in range(self._day.devices):
            self._tally.late(self._fleet.expires_s(device), self._start_s + self._day.length_s)
        return self._tally

    def _pass_to(self, at_s: float) -> None:
        while self._happenings and self._happenings[0][0] <= at_s:
            then_s, happens = self._happenings.pop(0)
            self._clock.skip_to(self._start_s + then_s)
            happens()
        self._clock.skip_to(self._start_s + at_s)

    def _ask(self, device: int) -> tuple[int, dict[str, Any]]:
        """(status, answer), status 0 if there is no server; as the agent asks, but for TLS."""
        client_id = self._day.client_id(device)
        connection = HTTPConnection("127.0.0.1", self._servers.port, timeout=_ANSWER_S)
        try:
            _, made = _post(connection, "challenge", {"client_id": client_id})
            proof = tokens.proof(self._servers.keys[device], "tokens", client_id, made["nonce"])
            asked = {"client_id": client_id, "nonce": made["nonce"], "proof": proof}
            return _post(connection, "tokens", asked)
        except (OSError, HTTPException):
            return 0, {}
        finally:
            connection.close()

    def _answered(self, device: int, answered: tuple[int, dict[str, Any]]) -> bool:
        """Whether there were tokens."""
        status, body = answered
        slot = int((self._clock() - self._start_s) * PER_S)
        if status != 200:
            self._tally.came("refused" if status else "unanswered", slot // PER_S)
            self._fleet.failed(device, body.get("retry_in_s", 0), slot)
            return False
        given, left_s, renew_s = tokens.answer(body, self._day.client_id(device))
        self._tally.came("degraded" if body["degraded"] else "fresh", slot // PER_S)
        self._tally.late(self._fleet.expires_s(device), self._start_s + slot // PER_S)
        self._fleet.given(device, given.expire_s, left_s, renew_s, slot)
        return True


def _post(connection: HTTPConnection, what: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
    connection.request("POST", f"/v1/{what}", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@contextmanager
def _database(state: State) -> Iterator[Any]:
    database = state.open()
    try:
        yield database
    finally:
        database.close()
