"""The twin with clients that are not ours: paho-mqtt, Python's TLS, and the real MicroPython VM's mbedTLS."""

import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from host_tools.twin import TwinThread
from host_tools.twin.broker.packets import Connect
from tests.twin.conftest import credentials_for, new_client_id

DEADLINE_S = 5


@contextmanager
def paho_client(connect: Connect, port: int, context: ssl.SSLContext | None = None) -> Iterator[Any]:
    """A connected paho client with a queue of its `messages`."""
    client = paho.Client(CallbackAPIVersion.VERSION2, connect.client_id)
    client.username_pw_set(connect.username, (connect.password or b"").decode())
    if context is not None:
        client.tls_set_context(context)
    codes, messages = Queue[int](), Queue[paho.MQTTMessage]()
    client.on_connect = lambda *arguments: codes.put(arguments[3].value)
    client.on_message = lambda _client, _data, message: messages.put(message)
    client.connect("localhost" if context else "127.0.0.1", port)
    client.loop_start()
    try:
        client.messages, client.code = messages, codes.get(timeout=DEADLINE_S)  # type: ignore[attr-defined]
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def trusting(twin: TwinThread) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=twin.ca_der)
    # What newer Pythons switch on by default must pass too.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_paho_publishes_and_subscribes(twin: TwinThread, qos: int) -> None:
    with paho_client(credentials_for(twin, new_client_id()), twin.mqtt_port) as client:
        subscribed = threading.Event()
        client.on_subscribe = lambda *_arguments: subscribed.set()
        client.subscribe(f"devcred/paho/{qos}/+", qos)
        assert subscribed.wait(DEADLINE_S)
        sent = [client.publish(f"devcred/paho/{qos}/{n}", b"x" * n, qos) for n in range(50)]
        for info in sent:
            info.wait_for_publish(DEADLINE_S)
            assert info.is_published()
        got = [client.messages.get(timeout=DEADLINE_S) for _ in sent]
        assert [(message.payload, message.qos) for message in got] == [(b"x" * n, qos) for n in range(50)]


def test_paho_over_tls_with_ca_and_name_verified(twin: TwinThread) -> None:
    client_id = new_client_id()
    with paho_client(credentials_for(twin, client_id), twin.tls_port, trusting(twin)) as client:
        assert client.code == 0
        client.publish(f"devcred/p2p/{client_id}", b"to myself", 1).wait_for_publish(DEADLINE_S)
        assert client.messages.get(timeout=DEADLINE_S).payload == b"to myself"


def test_paho_is_told_that_its_credential_is_refused(twin: TwinThread) -> None:
    connect = credentials_for(twin, new_client_id())
    connect.password = b"wrong"
    with paho_client(connect, twin.mqtt_port) as client:
        assert client.code == 0x87  # paho's number for MQTT 3.1.1's 5, not authorized


def test_another_ca_and_another_name_are_not_trusted(
    twin: TwinThread, start_twin: Callable[..., TwinThread]
) -> None:
    other = start_twin()
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        ssl_handshake(twin.tls_port, trusting(other), "localhost")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        ssl_handshake(twin.tls_port, trusting(twin), "mqtt-cn-other.mqtt.aliyuncs.com")
    for name in (twin.host_name, "localhost", "127.0.0.1"):
        assert ssl_handshake(twin.tls_port, trusting(twin), name) in ("TLSv1.2", "TLSv1.3")


def ssl_handshake(port: int, context: ssl.SSLContext, name: str) -> str | None:
    with (
        socket.create_connection(("127.0.0.1", port), DEADLINE_S) as plain,
        context.wrap_socket(plain, server_hostname=name) as tls,
    ):
        return tls.version()


def test_garbage_on_the_tls_port_harms_nobody(twin: TwinThread) -> None:
    with socket.create_connection(("127.0.0.1", twin.tls_port), DEADLINE_S) as wire:
        wire.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
        while wire.recv(4096):
            pass
    assert ssl_handshake(twin.tls_port, trusting(twin), "localhost")


VERIFY = """
import ssl, socket, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.verify_mode = ssl.CERT_REQUIRED
with open(sys.argv[1], "rb") as file:
    context.load_verify_locations(cadata=file.read())
plain = socket.socket()
plain.connect(socket.getaddrinfo("127.0.0.1", int(sys.argv[2]))[0][-1])
try:
    tls = context.wrap_socket(plain, server_hostname=sys.argv[3])
    tls.write(b"\\xc0\\x00")
    print("verified")
except ValueError as error:
    print("refused:", str(error).strip())
"""


def micropython_says(tmp_path: Path, twin: TwinThread, ca_der: bytes, name: str) -> str:
    program, ca_file = tmp_path / "verify_tls.py", tmp_path / "ca.der"
    program.write_text(VERIFY)
    ca_file.write_bytes(ca_der)
    interpreter = Path(sys.executable).with_name("micropython")
    command = [str(interpreter), "-X", "heapsize=96wk", str(program), str(ca_file), str(twin.tls_port), name]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=True, cwd=tmp_path
    ).stdout


@pytest.mark.skipif(
    shutil.which(str(Path(sys.executable).with_name("micropython"))) is None, reason="no micropython"
)
def test_micropython_verifies_the_twin_and_nobody_else(
    twin: TwinThread, start_twin: Callable[..., TwinThread], tmp_path: Path
) -> None:
    assert micropython_says(tmp_path, twin, twin.ca_der, twin.host_name) == "verified\n"
    assert "does not match" in micropython_says(tmp_path, twin, twin.ca_der, "evil.example")
    assert "not correctly signed" in micropython_says(tmp_path, twin, start_twin().ca_der, twin.host_name)
