"""umqtt.simple, unmodified, in the real MicroPython, on the twin with the service's rules."""

import base64
import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from host_tools.sources import umqtt_path
from host_tools.twin import TwinThread
from tests.conformance.libraries import Login, login_for
from tests.conformance.raw import Raw, connack, connect, puback, text
from tests.mpy import vm
from tests.twin.conftest import new_client_id

DEADLINE_S = 20.0

# What umqtt takes for TLS by its old name is in MicroPython's `ssl`.
USSL = "from ssl import wrap_socket\n"
DEVICE = """
import json, sys
from ubinascii import a2b_base64
from umqtt.simple import MQTTClient, MQTTException

told, got = json.loads(sys.stdin.readline()), []
tls = {}
if told["ca"]:
    tls = {"server_hostname": told["host"], "cert_reqs": 2, "cadata": a2b_base64(told["ca"])}
client = MQTTClient(
    told["client_id"], "127.0.0.1", told["port"], told["username"], told["password"], 60, bool(tls), tls
)
client.set_callback(lambda topic, payload: got.append([topic.decode(), payload.decode()]))
try:
    client.connect()
    for topic, qos in told["subscribe"]:
        client.subscribe(topic, qos)
    for topic, payload, qos in told["publish"]:
        client.publish(topic, payload, False, qos)
    while len(got) < told["expect"]:
        client.wait_msg()
    client.disconnect()
except MQTTException as error:
    got = {"refused": error.args[0]}
except OSError as error:
    got = {"lost": error.args[0]}
print(json.dumps(got))
"""


def device(folder: Path, login: Login, **told: Any) -> Any:
    """What the device printed. The credential goes in by stdin, not on the command line."""
    (folder / "ussl.py").write_text(USSL)
    (folder / "device.py").write_text(DEVICE)
    whole = {
        "client_id": login.client_id,
        "username": login.username,
        "password": login.password,
        "port": login.port,
        "ca": "",
        "subscribe": [],
        "publish": [],
        "expect": 0,
        **told,
    }
    ended = vm.run(
        folder / "device.py",
        [],
        path=[umqtt_path(), folder],
        cwd=folder,
        deadline_s=DEADLINE_S,
        stdin=json.dumps(whole) + "\n",
    )
    assert ended.returncode == 0, ended.why() + ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_messages_go_round(service: TwinThread, tmp_path: Path, tls: bool, qos: int) -> None:
    """It knows QoS 0 and 1."""
    login = login_for(service, new_client_id(), tls=tls)
    sent = [[f"devcred/u{qos}/{n}", "x" * n * 50, qos] for n in range(5)]
    trust = {"host": service.host_name, "ca": base64.b64encode(service.ca_der).decode()} if tls else {}
    got = device(tmp_path, login, subscribe=[[f"devcred/u{qos}/#", qos]], publish=sent, expect=5, **trust)
    assert got == [message[:2] for message in sent]


def test_p2p_arrives_with_no_subscription(service: TwinThread, tmp_path: Path) -> None:
    login = login_for(service, new_client_id())
    topic = f"devcred/p2p/{login.client_id}"
    assert device(tmp_path, login, publish=[[topic, "to myself", 1]], expect=1) == [[topic, "to myself"]]


def test_a_replaced_credential_is_refused_with_its_code(service: TwinThread, tmp_path: Path) -> None:
    login = login_for(service, new_client_id())
    login_for(service, login.client_id)
    assert device(tmp_path, login) == {"refused": 5}


def test_a_kick_ends_its_wait(service: TwinThread, tmp_path: Path) -> None:
    login, watching = login_for(service, new_client_id()), login_for(service, new_client_id())
    with Raw(service.mqtt_port) as watcher, ThreadPoolExecutor(1) as pool:
        credential = (text(watching.username), text(watching.password))
        watcher.send(connect(watching.client_id, *credential, flags=0xC0))
        assert watcher.packet() == connack()
        watcher.subscribe(("devcred/up", 1))
        running: Future[Any] = pool.submit(
            device, tmp_path, login, publish=[["devcred/up", "up", 1]], expect=1
        )
        message = watcher.message()
        watcher.send(puback(message.packet_id))
        assert service.call(service.twin.broker.disconnect, login.client_id)
        assert running.result() == {"lost": -1}
