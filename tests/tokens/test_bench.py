"""The benchmark's devices count what the server has delivered."""

import itertools

from benchmarks import delivering
from benchmarks.delivering import Device, Target
from tests.tokens.conftest import GROUP, Server, enter


def test_what_the_load_counts_is_what_was_delivered(server: Server) -> None:
    enter(server.state, GROUP, kind="group")
    names = [f"{GROUP}@@@d{number}" for number in range(12)]
    devices = [Device(name, enter(server.state, name, (), ())) for name in names]
    delivering.each_once(Target(server.port), iter(devices), at_once=3)
    _, audit = server.admin("GET", "/audit")
    served = {entry["client_id"] for entry in audit["entries"] if entry["event"] == "delivered"}
    assert served == set(names)
    cached = itertools.cycle(devices)
    before = server.metric('deliveries_total{how="cached"}')
    seen = delivering.rate(
        Target(server.port), cached, at_once=3, warm_up_s=0.1, seconds=0.4, cpu_s=lambda: 0.0
    )
    delivered = server.metric('deliveries_total{how="cached"}') - before
    # Of about half a second, more than was counted was delivered: in the warm-up as well.
    assert 0 < seen.per_s * 0.4 <= delivered
