"""The real token server and the twin of a day, and a clock that both go by, of which time can be skipped."""

import io
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from functools import partial

from host_tools.cloud import endpoint
from host_tools.cloud.client import AccessKey, CloudClient
from host_tools.loop_thread import LoopThread
from host_tools.simulate.day.plan import Day
from host_tools.tokens import accounts, challenge, control
from host_tools.tokens.account import Account
from host_tools.tokens.logs import Log
from host_tools.tokens.parts import Limits
from host_tools.tokens.server import STOP_S, Serving, TokenServer
from host_tools.tokens.state import State
from host_tools.twin import TwinThread

_LIMITS = Limits(address_per_s=10_000, account_per_s=100)
"""All devices have one address here."""


class Clock:
    """Seconds since 1970, from `now_s` on, some of them skipped."""

    def __init__(self, now_s: float) -> None:
        self.skipped_s = now_s - time.time()

    def __call__(self) -> float:
        return time.time() + self.skipped_s

    def monotonic(self) -> float:
        """Seconds that never go back, the same skipped."""
        return time.monotonic() + self.skipped_s

    def skip_to(self, at_s: float) -> None:
        """If that is still to come."""
        self.skipped_s += max(0.0, at_s - self())


class Servers:
    """The token server, its accounts, and what becomes of server and service in the course of the day."""

    def __init__(self, day: Day, twin: TwinThread, state: State, clock: Clock) -> None:
        self._day = day
        self._twin = twin
        self._state = state
        self._clock = clock
        self._running = ExitStack()
        self._log = io.StringIO()
        self._fault = 0
        self.port = 0
        self.keys = [challenge.new_key(secrets.token_bytes) for _ in range(day.devices)]

    def __enter__(self) -> "Servers":
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
        with self._state.transaction() as tx:
            for group in range(day.groups):
                made = Account(day.group_id(group), "group", day.rights(group), life_s=day.life_s)
                accounts.add(tx, made, None, self._state.seal, now_ms)
            for device, key in enumerate(self.keys):
                accounts.add(tx, Account(day.client_id(device), "device"), key, self._state.seal, now_ms)
