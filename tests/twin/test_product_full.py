"""A state folder on a disk that is full: what cannot be kept is not promised, and said in one line."""

import signal
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_onsmqtt20200420 import models as m
from alibabacloud_onsmqtt20200420.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException

from devcred import signing
from host_tools.twin.broker.packets import Connect, Publish
from tests.twin.process import TwinProcess
from tests.twin.test_product_kill import client_of
from tests.twin.wire import Wire

SMALL = "-f 600"
"""KiB that a file of the twin's may have."""


def fill(sdk: Client, instance_id: str) -> tuple[list[str], ClientException]:
    """Register until it fails; the client IDs of those answered, and the failure."""
    answered: list[str] = []
    while len(answered) < 5000:
        client_id = f"GID_full@@@{len(answered)}"
        try:
            sdk.register_device_credential(
                m.RegisterDeviceCredentialRequest(client_id=client_id, instance_id=instance_id)
            )
        except ClientException as error:
            return answered, error
        answered.append(client_id)
    raise AssertionError("the disk is never full")


def get(sdk: Client, client_id: str, instance_id: str) -> Any:
    request = m.GetDeviceCredentialRequest(client_id=client_id, instance_id=instance_id)
    return sdk.get_device_credential(request).body.device_credential


@pytest.mark.usefixtures("_no_proxy")
def test_a_disk_that_is_full(tmp_path: Path) -> None:
    kept = ("--state", "state", "--group", "GID_full")
    with TwinProcess(tmp_path, *kept, limit=SMALL) as twin:
        instance_id = twin.facts["instance_id"]
        sdk = client_of(twin.facts)
        answered, failure = fill(sdk, instance_id)
        assert (failure.status_code, failure.code) == (417, "InternalError")
        made = get(sdk, answered[0], instance_id)
        name = signing.device_username(made.device_access_key_id, instance_id)
        password = signing.password(made.client_id, made.device_access_key_secret).encode()
        with Wire(twin.facts["mqtt_port"]) as wire:
            # A session that is to be kept cannot be: no CONNACK may say that it is.
            wire.send(Connect(made.client_id, False, 60, name, password))
            assert wire.receive() is None
        with Wire(twin.facts["mqtt_port"]) as wire:
            assert wire.login(Connect(made.client_id, True, 60, name, password)).code == 0
            wire.send(Publish("devcred/a", b"", 1, packet_id=1))
            assert wire.receive() is not None
        twin.process.send_signal(signal.SIGTERM)
        assert twin.process.wait(20) in (0, 1)
        lines = [line for line in twin.said().splitlines() if " cannot be written (" in line]
        assert 1 < len(lines) < 5
        assert "Traceback" not in twin.said()
    with TwinProcess(tmp_path, *kept) as twin:
        sdk = client_of(twin.facts)
        assert [get(sdk, each, instance_id).client_id for each in answered] == answered
        assert twin.end(signal.SIGTERM) == 0
