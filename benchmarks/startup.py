"""From the start of the process to the first login that is let in."""

import time

from benchmarks.figures import Figure
from benchmarks.plan import Plan
from benchmarks.running import run, started, wait_for_login

STARTS = 5


def measure(plan: Plan) -> list[Figure]:
    """The median of several, one credential known to the broker."""
    lot = plan.lot(1)
    figure = Figure("startup", "start to first CONNACK", "ms", less=True)
    for broker in plan.brokers:
        plan.say(f"startup: {broker.name}, {STARTS} times")
        with run(broker, lot):
            pass  # the first start makes what later ones find: certificates, caches
        for _ in range(STARTS):
            began_s = time.perf_counter()
            with started(broker, lot) as running:
                wait_for_login(running, lot.accounts[0])
                figure.add(broker.name, (time.perf_counter() - began_s) * 1000)
    return [figure]
