"""Memory with clients that are connected and say nothing."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import loading
from benchmarks.figures import Figure
from benchmarks.plan import CREDENTIALS, Lot, Plan
from benchmarks.running import Running, end, run

COUNTS = (1000, 10_000)


def measure(plan: Plan) -> list[Figure]:
    """Resident memory before, and with each count of clients, all of which answer a ping then."""
    bench = "idle"
    fresh = Figure(bench, "memory, fresh", "MiB", less=True)
    held = {count: Figure(bench, f"memory, {count:,} idle clients", "MiB", less=True) for count in COUNTS}
    visited = Figure(bench, "memory, 1,000 idle clients, control plane in use", "MiB", less=True)
    took = {count: Figure(bench, f"{count:,} clients logged in", "s", less=True) for count in COUNTS}
    for broker in plan.brokers:
        for count in COUNTS:
            plan.say(f"{bench}: {broker.name}, {count:,} clients")
            lot = plan.lot(max(count, CREDENTIALS))
            with run(broker, lot):
                pass  # the first start makes what later ones find: certificates, caches
            with run(broker, lot) as running:
                if count == COUNTS[0]:
                    fresh.add(broker.name, running.rss_mb())
                with _clients(running, lot, count) as seconds:
                    took[count].add(broker.name, seconds)
                    held[count].add(broker.name, running.rss_mb())
                    if count == COUNTS[0] and broker.visit():
                        visited.add(broker.name, running.rss_mb())
    return [figure for figure in (fresh, *held.values(), *took.values(), visited) if figure.readings]


@contextmanager
def _clients(running: Running, lot: Lot, count: int) -> Iterator[float]:
    """`count` clients, proved alive; the seconds that their logins took."""
    command = loading.command(running, lot.file, "idle", clients=count, keepalive=600)
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        seconds = _said(process, running)["seconds"]
        assert process.stdin is not None
        process.stdin.write("ping\n")
        process.stdin.flush()
        assert _said(process, running)["alive"] == count
        yield seconds
    finally:
        end(process)


def _said(process: "subprocess.Popen[str]", running: Running) -> dict[str, Any]:
    assert process.stdout is not None and process.stderr is not None
    line = process.stdout.readline()  # the load has time limits of its own
    if not line:
        raise loading.failed(running, process.stderr.read().strip())
    said: dict[str, Any] = json.loads(line)
    return said
