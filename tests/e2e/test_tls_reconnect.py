"""Reconnecting over verified TLS does not fail or leak on a fragmented heap."""

import os
from pathlib import Path

from host_tools.cloud import endpoint
from host_tools.cloud.client import AccessKey, CloudClient
from host_tools.cloud.credentials import register
from host_tools.paths import FIRMWARE
from host_tools.twin import TwinThread
from tests.mpy import libraries, vm

COUNT = 1000 if os.environ.get("DEVCRED_SOAK") else 40
SCRIPT = Path(__file__).parent / "scripts" / "reconnect.py"


def test_reconnecting_again_and_again(tmp_path: Path) -> None:
    with TwinThread(groups=("GID_tls",)) as twin:
        key = AccessKey(twin.access_key_id, twin.access_key_secret)
        held = register(
            CloudClient(endpoint.parse(twin.endpoint), twin.instance_id, key), "GID_tls@@@again"
        ).for_device()
        (tmp_path / "ca.der").write_bytes(twin.ca_der)
        facts = [twin.tls_port, tmp_path / "ca.der", twin.host_name, held.client_id, held.username, COUNT]
        ended = vm.run(
            SCRIPT,
            [str(fact) for fact in facts],
            path=[FIRMWARE, *libraries.folders()],
            cwd=tmp_path,
            deadline_s=300,
            stdin=held.password() + "\n",
        )
    assert ended.returncode == 0, ended.stderr
    assert f"secured and closed {COUNT} drift 0" in ended.stdout, ended.stdout
