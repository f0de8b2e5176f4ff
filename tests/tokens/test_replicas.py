"""Two replicas over one database; one is killed under load, and no device notices more than a second try."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

from host_tools.tokens.account import Account
from host_tools.tokens.scopes import rights
from host_tools.tokens.state import State
from host_tools.twin import TwinThread
from tests.tokens.conftest import GROUP, SHARED, SOAK, Client, Serve, Server, enter, enter_all, wait_until
from tests.tokens.replicas import Replica, replica

pytestmark = SHARED
LOAD = ("--address-rate", "10000", "--account-rate", "1000")
DEVICES = 24 if SOAK else 12
SECONDS = 10.0 if SOAK else 0.5
TRIES = 4
LONER = f"{GROUP}-loner@@@1"


class Device(threading.Thread):
    """Asks one replica after the other, and goes to the next when one does not answer."""

    def __init__(self, number: int, key: str, replicas: list[Replica], ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self.client_id = f"{GROUP}@@@d{number}"
        self._key = key
        self._clients = [Client(each.port) for each in replicas]
        self._turn = number
        self._ended = ended
        self.delivered = self.second_tries = 0
        self.failed: list[str] = []

    def run(self) -> None:
        while not self._ended.is_set():
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
    loner_key = enter(state, LONER, ("shop/loner",), ())
    with (
        replica(twin, state, tmp_path / "one", *LOAD) as one,
        replica(twin, state, tmp_path / "two", *LOAD) as two,
    ):
        ended = threading.Event()
        devices = [Device(number, key, [one, two], ended) for number, key in enumerate(keys)]
        for device in devices:
            device.start()
        time.sleep(SECONDS)
        wait_until(lambda: all(device.delivered for device in devices), "each is served", 60)
        # Killed while it applies for somebody: another one takes that over.
        fault = twin.faults.add(where="api", operation="ApplyToken", what="delay", delay_ms=3000, times=1)
        waiting = threading.Thread(target=ask_and_be_cut_off, args=(one, LONER, loner_key))
        waiting.start()
        twin.faults.wait_hit(fault)
        one.process.send_signal(signal.SIGKILL)
        one.process.wait(10)
        waiting.join(30)
        # The device waits no longer than one request lasts.
        assert Client(two.port).ask(LONER, loner_key)[0] == 200
        before = [device.delivered for device in devices]
        time.sleep(SECONDS)
        # It was not for nothing: each met the one that was gone, and the other one right after.
        wait_until(lambda: all(device.second_tries for device in devices), "each is served by the other", 60)
        ended.set()
        for device in devices:
            device.join(60)
        assert not any(device.is_alive() for device in devices)
        assert [why for device in devices for why in device.failed] == []
        assert all(device.delivered > had for device, had in zip(devices, before, strict=True))
        # A scope that all share took one call for each kind of permission, whoever made it.
        applied = twin.call(lambda: [each.resources for each in twin.twin.state.tokens._tokens.values()])
        assert sorted(set(applied)) == [("shop/down/#",), ("shop/loner",), ("shop/up/#",)]
        assert applied.count(("shop/down/#",)) == applied.count(("shop/up/#",)) == 1
        two.process.send_signal(signal.SIGTERM)
        assert two.process.wait(30) == 0


def test_replicas_together_keep_to_the_service_s_calls_a_second(twin: TwinThread, serve: Serve) -> None:
    """More scopes than it takes in a second, all at once, and it counts: nobody is told to slow down."""
    replicas = [serve(), serve()]
    own = rights(["shop/{client_id}"], [])
    names = [f"{GROUP}-apart@@@d{number}" for number in range(130)]
    keys = enter_all(replicas[0].state, [Account(name, "device", own) for name in names])

    def ask(name: str, replica: Server) -> int:
        return Client(replica.port).ask(name, keys[name])[0]

    try:
        with ThreadPoolExecutor(32) as pool:
            statuses = list(pool.map(ask, names, replicas * 65))
    finally:
        assert [each.events("internal-error") for each in replicas] == [[], []]
    assert set(statuses) == {200}
    done = [each.metric('cloud_calls_total{operation="ApplyToken",outcome="ok"}') for each in replicas]
    assert sum(done) == len(names) and min(done) > len(names) / 4


def ask_and_be_cut_off(replica: Replica, client_id: str, key: str) -> None:
    try:
        Client(replica.port).ask(client_id, key)
    except OSError:
        return
