"""The agent's heap does not grow with the messages it sends, by MicroPython's own count."""

import os
from pathlib import Path

from host_tools.twin import TwinThread
from tests.e2e.device import GROUP, Device

MESSAGES = 10000 if os.environ.get("DEVCRED_SOAK") else 1000
EVERY = MESSAGES // 5

# After a first fifth, in which buffers find their size, it prints what is free after a collection.
APP = (
    b"""
import gc

sent = 0

def loop(agent):
    global sent
    if agent.publish("devcred/reading", b"x" * 64):
        sent += 1
        if sent %% %d == 0:
            gc.collect()
            print("devcred 0 heap free=%%d sent=%%d" %% (gc.mem_free(), sent))
"""
    % EVERY
)


def test_heap_stays_where_it_is(tmp_path: Path) -> None:
    with TwinThread(groups=(GROUP,)) as twin:
        free = free_at_each_fifth(Device(twin, "heap", tmp_path), APP)
    assert free[1:] == [free[1]] * 4, free


def free_at_each_fifth(device: Device, app: bytes) -> list[int]:
    """Bytes free after a collection, as the board counts them."""
    device.files["/app.py"] = app
    with device.powered() as (_, console):
        return [int(console.expect("heap", 120).value("free")) for _ in range(5)]
