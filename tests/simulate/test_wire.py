"""The fleet on the wire: it agrees with the model, keeps its links alive, and says what it met."""

import asyncio
import time

import pytest

from devcred import causes
from host_tools.errors import MachineError
from host_tools.simulate import fleet, run
from host_tools.simulate.client import Device
from host_tools.simulate.plan import Plan, Policy
from host_tools.simulate.service import Login, Service
from host_tools.twin import TwinThread

QUICK = Policy(base_ms=250, cap_ms=4000, spread_ms=4000)


def quiet(_text: str) -> None:
    """No progress is shown."""


def test_1000_devices_agree_with_the_model() -> None:
    plan = Plan(devices=1000, seed=1, policy=QUICK, limit_per_s=200, outage_ms=500, within_ms=60_000)
    real, modelled, rows = run.both_storms(plan, quiet)
    assert real.facts["back"] == modelled.facts["back"] == 1000
    assert real.facts["refused"] > 100
    assert real.facts["outage_s"] >= 0.5
    run.check_agreement(rows)


class Heard:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.accepted_at: list[float] = []
        self.refusals = 0
        self.causes: list[str] = []

    def accepted(self, device: Device, tried_s: float, at_s: float) -> None:
        self.accepted_at.append(at_s)

    def refused(self, device: Device, tried_s: float, at_s: float) -> None:
        self.refusals += 1

    def lost(self, device: Device, at_s: float, cause: str, wait_ms: int) -> None:
        self.causes.append(cause)


def one(login: Login, port: int, heard: Heard, **options: int) -> Device:
    [backoff] = Plan(devices=1, seed=1, policy=QUICK).backoffs()
    return Device(login, port, backoff, heard, **options)


async def lives(device: Device, for_s: float) -> None:
    with fleet.alive([device]):
        await asyncio.sleep(for_s)


def test_keep_alive_keeps_it() -> None:
    heard = Heard()
    with Service() as service:
        [login] = service.logins(1)
        # The server closes after 1.5 s of silence.
        asyncio.run(lives(one(login, service.port, heard, keepalive_s=1), 2.2))
    assert (len(heard.accepted_at), heard.causes) == (1, [])


def test_a_wrong_password_is_refused_and_waits_long() -> None:
    heard = Heard()
    with TwinThread(groups=["GID_fleet"]) as twin:
        login = Login("GID_fleet@@@x", f"DeviceCredential|key|{twin.instance_id}", "wrong")
        asyncio.run(lives(one(login, twin.mqtt_port, heard), 1.0))
    assert (heard.refusals, heard.causes) == (1, [causes.REFUSED])
    assert "wrong" not in repr(login)


def test_no_server() -> None:
    heard = Heard()
    with Service() as service:
        [login] = service.logins(1)
        service.cut()
        asyncio.run(lives(one(login, service.port, heard), 1.0))
    assert heard.refusals >= 1
    assert set(heard.causes) == {causes.NO_SERVER}


def test_a_restart_keeps_port_instance_and_credentials() -> None:
    heard = Heard()
    with Service() as service:
        port, [login] = service.port, service.logins(1)
        service.cut()
        asked_s = time.monotonic()
        assert asked_s < service.up(0) < time.monotonic()
        assert service.port == port
        asyncio.run(lives(one(login, port, heard), 0.5))
    assert len(heard.accepted_at) == 1


def test_more_devices_than_this_computer_holds() -> None:
    plan = Plan(devices=10_000_000, seed=1)
    with Service() as service, pytest.raises(MachineError, match="open files"):
        fleet.storm(service, plan)
