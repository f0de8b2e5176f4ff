"""Logins, acknowledgements and deliveries per second."""

from benchmarks import loading
from benchmarks.figures import Figure
from benchmarks.plan import CREDENTIALS, Plan
from benchmarks.running import run

Load = tuple[str, str, dict[str, float]]
"""What it is called, the load generator's mode and its numbers."""

LOGINS: list[Load] = [("logins, 50 at once", "login", {"clients": 50})]
ACKS: list[Load] = [
    ("QoS 1 acks, 1 client, window 1", "publish", {"clients": 1, "window": 1}),
    ("QoS 1 acks, 1 client, window 20", "publish", {"clients": 1, "window": 20}),
    ("QoS 1 acks, 100 clients, window 1", "publish", {"clients": 100, "window": 1}),
    ("QoS 1 acks, 100 clients, window 20", "publish", {"clients": 100, "window": 20}),
]
DELIVERED: list[Load] = [
    ("published and delivered, 1 client", "deliver", {"clients": 1, "window": 1}),
    ("published and delivered, 100 clients", "deliver", {"clients": 100, "window": 1}),
]


def measure(plan: Plan, bench: str, loads: list[Load]) -> list[Figure]:
    """Every load on every broker, `plan.runs` times, each time on a broker that was just started."""
    lot = plan.lot(CREDENTIALS)
    figures = [Figure(bench, what, "/s") for what, _, _ in loads]
    by_cpu = [Figure(bench, what, "per CPU second of the broker") for what, _, _ in loads]
    for number in range(plan.runs):
        for broker in plan.brokers:
            plan.say(f"{bench}: {broker.name}, run {number + 1} of {plan.runs}")
            with run(broker, lot) as running:
                for figure, own, (_, mode, numbers) in zip(figures, by_cpu, loads, strict=True):
                    seen = loading.measure(
                        running, lot.file, mode, warm_up=plan.warm_up_s, seconds=plan.seconds, **numbers
                    )
                    figure.add(broker.name, seen["per_s"])
                    figure.busy.setdefault(broker.name, []).append(seen["broker_cpu"])
                    own.add(broker.name, seen["per_s"] / max(seen["broker_cpu"], 0.001))
    return figures + by_cpu
