"""Two replicas over one database; one is killed under load, and no device notices more than a second try."""

import os
import signal
import threading
import time
from http.client import HTTPException
from pathlib import Path

import pytest

from host_tools.tokens.state import State
from host_tools.twin import TwinThread
from tests.tokens.conftest import GROUP, Client, enter
from tests.tokens.postgres import absent
from tests.tokens.replicas import Replica, replica

SOAK = bool(os.environ.get("DEVCRED_SOAK"))
pytestmark = pytest.mark.parametrize(
    "database_url",
    ["sqlite", "postgresql"] if SOAK else ["sqlite" if absent() else "postgresql"],
    indirect=True,
)
LOAD = ("--address-rate", "10000", "--account-rate", "1000")
DEVICES = 24
SECONDS = 20.0 if SOAK else 2.5
TRIES = 4


class Device(threading.Thread):
    """Asks one replica after the other, and goes to the next when one does not answer."""

    def __init__(self, number: int, key: str, replicas: list[Replica], end_s: float) -> None:
        super().__init__(daemon=True)
        self.client_id = f"{GROUP}@@@d{number}"
        self._key = key
        self._clients = [Client(each.port) for each in replicas]
        self._turn = number
        self._end_s = end_s
        self.delivered = self.second_tries = 0
        self.failed: list[str] = []

    def run(self) -> None:
        while time.monotonic() < self._end_s:
            self._deliver()

    def _deliver(self) -> None:
        told = ""
        for number in range(TRIES):
            client = self._clients[(self._turn + number) % len(self._clients)]
            try:
                status, answer = client.ask(self.client_id, self._key)
            except (OSError, HTTPException, ValueError, AssertionError) as error:
                told = f"{type(error).__name__} {error}"
                continue
            if status == 200 and not answer["degraded"]:
                self.delivered += 1
                self.second_tries += number > 0
                self._turn += 1
                return
            told = f"{status} {answer}"
        self.failed.append(told)


def test_a_replica_is_killed_under_load(twin: TwinThread, state: State, tmp_path: Path) -> None:
    enter(state, GROUP, kind="group")
    keys = [enter(state, f"{GROUP}@@@d{number}", (), ()) for number in range(DEVICES)]
    with (
        replica(twin, state, tmp_path / "one", *LOAD) as one,
        replica(twin, state, tmp_path / "two", *LOAD) as two,
    ):
        end_s = time.monotonic() + SECONDS
        devices = [Device(number, key, [one, two], end_s) for number, key in enumerate(keys)]
        for device in devices:
            device.start()
        time.sleep(SECONDS / 3)
        one.process.send_signal(signal.SIGKILL)
        one.process.wait(10)
        for device in devices:
            device.join(SECONDS + 60)
        assert not any(device.is_alive() for device in devices)
        assert [why for device in devices for why in device.failed] == []
        assert min(device.delivered for device in devices) >= 2
        # It was not for nothing: some met the one that was gone.
        assert sum(device.second_tries for device in devices) > 0
        # A scope that all share took one call for each kind of permission, whoever made it.
        assert len(twin.call(lambda: list(twin.twin.state.tokens._tokens))) == 2
        two.process.send_signal(signal.SIGTERM)
        assert two.process.wait(30) == 0


def test_a_replica_that_dies_while_it_applies_leaves_its_work_to_another(
    twin: TwinThread, state: State, tmp_path: Path
) -> None:
    key = enter(state, f"{GROUP}@@@d1", ("shop/a",), ())
    number = twin.faults.add(where="api", operation="ApplyToken", what="delay", delay_ms=4000, times=1)
    with replica(twin, state, tmp_path / "one") as one, replica(twin, state, tmp_path / "two") as two:
        waiting = threading.Thread(target=ask_and_be_cut_off, args=(one, f"{GROUP}@@@d1", key))
        waiting.start()
        twin.faults.wait_hit(number)
        one.process.send_signal(signal.SIGKILL)
        waiting.join(30)
        # The device waits no longer than one request lasts.
        assert Client(two.port).ask(f"{GROUP}@@@d1", key)[0] == 200


def ask_and_be_cut_off(replica: Replica, client_id: str, key: str) -> None:
    try:
        Client(replica.port).ask(client_id, key)
    except OSError:
        return
