"""The token server: deliveries a second, cached and not, and memory at 10,000 accounts."""

import itertools
import os
import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import delivering
from benchmarks.delivering import Device, Target
from benchmarks.figures import Figure
from benchmarks.plan import Plan
from benchmarks.running import BROKER_CORE, LOAD_CORE, require_two_cores, rss_mb
from host_tools.tokens import accounts, challenge
from host_tools.tokens.account import Account
from host_tools.tokens.scopes import Rights, rights
from host_tools.tokens.state import State, open_state
from host_tools.twin import Settings, TwinThread, certs
from tests.tokens import postgres
from tests.tokens.replicas import Replica, replica

GROUP = "GID_shop"
SHARING, APART = 10_000, 5_000
"""Devices whose topics are the group's, and devices with a topic, so a token, of their own."""
AT_ONCE = 16
_UNLIMITED = ("--address-rate", "10000", "--account-rate", "10000")
_TICKS = os.sysconf("SC_CLK_TCK")


def measure(plan: Plan) -> list[Figure]:
    """The server on one core; load, twin and PostgreSQL on the other. Each reading: a server just started."""
    require_two_cores()
    made = Readings()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {LOAD_CORE})
    try:
        _on(plan, "SQLite", None, made)
        if why := postgres.absent():
            plan.say(f"tokens: PostgreSQL skipped: {why}")
        else:
            with postgres.cluster() as url:
                _on(plan, "PostgreSQL", postgres.new_database(url), made)
    finally:
        os.sched_setaffinity(0, before)
    return made.figures()


class Readings:
    """The figures of this bench; the parties are the databases."""

    def __init__(self) -> None:
        names = ("cached", "cached, TLS, a connection each", "not cached")
        self.rates = [Figure("tokens", f"deliveries, {name}", "/s") for name in names]
        self.by_cpu = [
            Figure("tokens", f"deliveries, {name}", "per CPU second of the server") for name in names
        ]
        self.fresh = Figure("tokens", "memory, fresh", "MiB", less=True)
        self.served = Figure("tokens", f"memory, {SHARING:,} accounts, each served once", "MiB", less=True)

    def figures(self) -> list[Figure]:
        return [*self.rates, *self.by_cpu, self.fresh, self.served]


def _on(plan: Plan, database: str, url: str | None, made: Readings) -> None:
    folder = plan.folder / database
    folder.mkdir(mode=0o700)
    state = open_state(folder / "state", url)
    with TwinThread(groups=[GROUP], topics=["shop"], settings=Settings(check_replay=False)) as twin:
        plan.say(f"tokens: {database}: {SHARING + APART:,} accounts are made")
        sharing, apart = _filled(state)
        bench = _Bench(plan, twin, state, folder)
        unserved = iter(apart)
        for number in range(plan.runs):
            plan.say(f"tokens: {database}, run {number + 1} of {plan.runs}")
            for at, (tls, devices) in enumerate(
                ((False, itertools.cycle(sharing)), (True, itertools.cycle(sharing)), (False, unserved))
            ):
                seen = bench.rate(devices, tls=tls)
                made.rates[at].add(database, seen.per_s)
                made.by_cpu[at].add(database, seen.per_s / max(seen.server_cpu, 0.001))
        plan.say(f"tokens: {database}, memory")
        with bench.serving() as (running, target):
            made.fresh.add(database, rss_mb(running.process.pid))
            delivering.each_once(target, iter(sharing), at_once=AT_ONCE)
            made.served.add(database, rss_mb(running.process.pid))


class _Bench:
    def __init__(self, plan: Plan, twin: TwinThread, state: State, folder: Path) -> None:
        self._plan = plan
        self._twin = twin
        self._state = state
        self._log = folder / "log"
        authority = certs.new_authority(time.time())
        self._pem = folder / "server.pem"
        self._pem.write_text(certs.server_pem(authority, ["localhost"], time.time()))
        self._context = ssl.create_default_context(cadata=authority.certificate_pem)

    @contextmanager
    def serving(self, *, tls: bool = False) -> Iterator[tuple[Replica, Target]]:
        """A server that answers, on a core of its own."""
        pem = str(self._pem)
        options = (*_UNLIMITED, *(("--tls-cert", pem, "--tls-key", pem) if tls else ()))
        os.sched_setaffinity(0, {BROKER_CORE})  # what is started now stays there
        with replica(self._twin, self._state, self._log, *options) as running:
            os.sched_setaffinity(0, {LOAD_CORE})
            yield running, Target(running.port, self._context if tls else None)

    def rate(self, devices: Iterator[Device], *, tls: bool) -> delivering.Seen:
        with self.serving(tls=tls) as (running, target):
            return delivering.rate(
                target,
                devices,
                at_once=AT_ONCE,
                warm_up_s=self._plan.warm_up_s,
                seconds=self._plan.seconds,
                cpu_s=lambda: _cpu_s(running.process.pid),
            )


def _filled(state: State) -> tuple[list[Device], list[Device]]:
    sharing = [_device(f"{GROUP}@@@s{number}") for number in range(SHARING)]
    apart = [_device(f"GID_apart@@@a{number}") for number in range(APART)]
    database, now_ms = state.open(), int(time.time() * 1000)
    try:
        with database.transaction() as tx:
            granted = rights(["shop/down/#"], ["shop/up/#"])
            accounts.add(tx, Account(GROUP, "group", granted), None, state.seal, now_ms)
            for each in (*sharing, *apart):
                # A group's devices need nothing of their own.
                own = Rights() if each.client_id.startswith(GROUP) else rights(["shop/{client_id}"], [])
                accounts.add(tx, Account(each.client_id, "device", own), each.key, state.seal, now_ms)
    finally:
        database.close()
    return sharing, apart


def _device(client_id: str) -> Device:
    return Device(client_id, challenge.new_key(secrets.token_bytes))


def _cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
