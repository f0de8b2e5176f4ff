"""Token mode in simulated time, under both readings of what the service leaves open: no disconnect that
could be avoided, no message lost.

`make soak` plays 200 seeds; a failure names its own, and DEVCRED_SEED=n plays that one alone.
"""

import asyncio
import os
from random import Random
from typing import Any

import pytest

from host_tools.twin import Settings
from tests.faults.token_device import Device, Plan, quiet

SOAK = bool(os.environ.get("DEVCRED_SOAK"))
GIVEN = os.environ.get("DEVCRED_SEED")
SEEDS = [int(GIVEN)] if GIVEN else range(200 if SOAK else 6)
HOUR_S = 3600

# The twin's switches that touch tokens, with what they are played under.
READINGS: dict[str, tuple[Any, ...]] = {
    "token_expiry": ("timer", "next-use", "heartbeat"),
    "revoke_token": ("next-use", "at-once"),
    "token_notice_s": (300.0, 10.0),
    "short_token_notice": ("at-once", "none"),
    "token_notices": (True, False),
    "token_notice_qos": (0, 1),
    "bad_upload": ("close", "puback-first"),
    "upload_delay_s": (0.0, 6.0),
    "token_filters": ("set", "text"),
    "hash_covers_parent": (True, False),
    "sys_subscriptions": ("accept", "close"),
    "bad_credential_code": (5, 4),
}
PAIRS = [(setting, reading) for setting, readings in READINGS.items() for reading in readings]
KINDS = (("RW",), ("R", "W"), ("W", "R", "RW"), ("W",))
PUBACKS = ((0.0,), (0.0, 0.0), (3.0,), (4.0, 9.0), (12.0, 12.0, 12.0))
LIVES_S = (70, 300, 900, 2 * HOUR_S, 5 * HOUR_S, 48 * HOUR_S)
# Ends a link, and no client can help it: once each.
FORCED = {"revoke": 1, "spoil": 1, "cut": 1, "power_cut": 0, "desert": 0}


def planned(seed: int, **settings: Any) -> Plan:
    """Everything drawn by the seed, but for the settings given."""
    draw = Random(seed)
    chosen = {name: draw.choice(readings) for name, readings in READINGS.items()} | settings
    life_s = draw.choice(LIVES_S)
    end_s = max(6.0 * life_s, 8.0 * HOUR_S) if life_s > 900 else 12.0 * life_s + 2 * HOUR_S
    short = life_s <= 70
    times = sorted(draw.uniform(0.1, 0.8) * end_s for _ in FORCED)
    names = draw.sample(sorted(FORCED), len(FORCED))
    return Plan(
        seed,
        Settings(**chosen | ({"upload_delay_s": 0.0} if short else {})),
        kinds=draw.choice(KINDS),
        life_s=life_s,
        renew_s=draw.choice((0, 0, life_s // 2, life_s // 3)),
        clock=draw.random() < 0.6,
        puback_s=draw.choice(PUBACKS[:2] if short else PUBACKS),
        lose_pubacks=0 if short else draw.choice((0, 0, 1, 3)),
        events=dict(zip(times, names, strict=True)),
        end_s=end_s,
    )


def avoidable(plan: Plan, device: Device) -> int:
    """Links that ended, less those that nobody could have kept."""
    forced = sum(FORCED[event] for event in plan.events.values())
    # An hour without the server outlives what is left of short tokens; a third of their life is.
    if "desert" in plan.events.values() and plan.life_s / 3 < HOUR_S + 400:
        forced += 1
    return max(0, sum(device.losses.values()) - forced)


def most_asked(plan: Plan) -> float:
    """Renewals at half of the life at the soonest, or when the server says; tries in an outage."""
    interval_s = plan.life_s / 2 if plan.renew_s != plan.life_s // 3 else plan.life_s / 3
    return plan.end_s / interval_s + HOUR_S / 100 + 4 * len(plan.events) + 6


def play(plan: Plan) -> None:
    async def run() -> tuple[Device, str]:
        with quiet() as console:
            device = Device(plan)
            device.live()
        return device, console.getvalue()

    device, console = asyncio.run(run())
    lost = sorted(set(range(device.number)) - set(device.world.arrived))
    said = (plan, dict(device.losses), dict(device.logins), device.asked)
    tail = [line for line in console.splitlines() if " published " not in line][-40:]
    assert lost == [], (said, lost, tail)
    assert avoidable(plan, device) == 0, (said, tail)
    assert "barred" not in console, (said, tail)
    assert device.asked <= most_asked(plan), (said, tail)
    assert " uploaded " in console, (said, tail)


@pytest.mark.parametrize(("setting", "reading"), PAIRS)
def test_each_reading_of_each_switch(setting: str, reading: Any) -> None:
    play(planned(PAIRS.index((setting, reading)), **{setting: reading}))


@pytest.mark.parametrize("seed", SEEDS)
def test_seeds(seed: int) -> None:
    play(planned(1000 + seed if GIVEN is None else seed))
