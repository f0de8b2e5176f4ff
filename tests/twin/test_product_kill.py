"""A kept state and `kill -9`: what the control plane answered is there afterwards."""

import itertools
import random
import secrets
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_onsmqtt20200420 import models as m
from alibabacloud_onsmqtt20200420.client import Client
from alibabacloud_tea_openapi.models import Config

from tests.twin.process import TwinProcess

ROUNDS = 3
REGISTRARS = 4
NAMES = itertools.count()


def client_of(facts: dict[str, Any]) -> Client:
    secret = Path(facts["access_key_secret_file"]).read_text()
    endpoint = facts["endpoint"].removeprefix("http://")
    return Client(
        Config(
            access_key_id=facts["access_key_id"],
            access_key_secret=secret,
            endpoint=endpoint,
            protocol="http",
        )
    )


class Registrar(threading.Thread):
    """Registers devices until the control plane is gone; `answered` is client ID -> (key ID, secret)."""

    def __init__(self, facts: dict[str, Any], reached: threading.Semaphore) -> None:
        super().__init__(daemon=True)
        self.answered: dict[str, tuple[str, str]] = {}
        self.failure: Exception | None = None
        self._facts, self._reached = facts, reached

    def run(self) -> None:
        sdk = client_of(self._facts)
        while self.failure is None:
            request = m.RegisterDeviceCredentialRequest(
                client_id=f"GID_kill@@@{next(NAMES)}", instance_id=self._facts["instance_id"]
            )
            try:
                made = sdk.register_device_credential(request).body.device_credential
            except Exception as error:  # noqa: BLE001 - the SDK has no one error for a server that is gone
                self.failure = error
            else:
                self.answered[made.client_id] = (made.device_access_key_id, made.device_access_key_secret)
                self._reached.release()


def register_until_killed(folder: Path, count: int) -> dict[str, tuple[str, str]]:
    """Kill the twin in the midst of registrations, after `count` answers; all that were answered."""
    reached = threading.Semaphore(0)
    with TwinProcess(folder, "--state", "state", "--group", "GID_kill", "--quiet") as twin:
        threads = [Registrar(twin.facts, reached) for _ in range(REGISTRARS)]
        for thread in threads:
            thread.start()
        for _ in range(count):
            assert reached.acquire(timeout=20), [thread.failure for thread in threads]
        assert twin.end(signal.SIGKILL) == -signal.SIGKILL
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()
        assert twin.said() == ""
    return {key: pair for thread in threads for key, pair in thread.answered.items()}


@pytest.mark.usefixtures("_no_proxy")
def test_every_credential_that_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    sys.stderr.write(f"seed {seed}\n")
    rng, answered = random.Random(seed), dict[str, tuple[str, str]]()
    for _ in range(ROUNDS):
        answered |= register_until_killed(tmp_path, rng.randint(1, 60))
    with TwinProcess(tmp_path, "--state", "state") as twin:
        sdk = client_of(twin.facts)
        for client_id, pair in answered.items():
            request = m.GetDeviceCredentialRequest(client_id=client_id, instance_id=twin.facts["instance_id"])
            found = sdk.get_device_credential(request).body.device_credential
            assert (found.device_access_key_id, found.device_access_key_secret) == pair
        assert twin.end(signal.SIGTERM) == 0
    assert len(answered) >= ROUNDS
