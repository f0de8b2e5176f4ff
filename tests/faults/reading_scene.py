"""One device against a twin with one reading of its own, and what is done to both."""

import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from devcred import signing, topics
from host_tools.cloud import credentials, messages
from host_tools.demo.console import Console
from host_tools.errors import CloudUnreachableError, DeviceError
from host_tools.twin import TwinThread
from tests.e2e.device import GROUP, Device
from tests.faults.play import MESSAGES, Listener

ENDS_S = 25.0
# What the slow causes wait, about.
SLOW_MS = 4000
SETTINGS_TOPIC = "devcred/settings"


@dataclass
class Scene:
    """One device against a twin of its own, from before the board is on."""

    twin: TwinThread
    device: Device
    listener: Listener
    clock: Any
    console: Console | None = None
    guests: list[paho.Client] = field(default_factory=list)

    def expect(self, name: str, key: str = "", value: str = "") -> int:
        """The next event of this name, of this value; its own milliseconds, if it has some."""
        assert self.console
        end_s = time.monotonic() + ENDS_S
        while True:
            said = self.console.expect(name, end_s - time.monotonic())
            if not key or said.value(key) == value:
                return int(said.value("ms") or 0)

    def serves(self) -> None:
        """It answers a command that comes through the control plane, and its messages have come, in order."""
        topic = topics.p2p("devcred", self.device.client_id)
        assert self.console
        end_s = time.monotonic() + ENDS_S
        while True:
            try:
                # Lost where it is not online now; and the SDK may find its kept connection closed.
                messages.send_message(self.device.cloud, topic, '{"id": "7", "cmd": "ping"}')
                self.console.expect("replied", 0.5)
                break
            except (CloudUnreachableError, DeviceError):
                assert time.monotonic() < end_s
        numbers = [self.listener.numbers.get(timeout=ENDS_S) for _ in range(MESSAGES)]
        while not self.listener.numbers.empty():
            numbers.append(self.listener.numbers.get())
        assert list(dict.fromkeys(numbers)) == list(range(MESSAGES))

    def heard_once(self, count: int) -> None:
        """The application is handed the texts 0, 1, ... in order, each once."""
        assert self.console
        heard = [self.console.expect("handled", ENDS_S).value("payload") for _ in range(count)]
        assert heard == [str(number) for number in range(count)]
        with pytest.raises(DeviceError):
            self.console.expect("handled", 0.7)

    def is_mute(self) -> None:
        """What it publishes is refused; it says so topic by topic, and stays connected."""
        for _ in range(2):
            self.expect("barred")
        self.expect("connack")
        before = len(self.twin.trace)
        time.sleep(1)
        assert len(self.twin.trace) == before

    def is_quiet_as(self, cause: str) -> None:
        """It says so, waits long, and leaves the service alone meanwhile."""
        assert self.expect("waiting", "cause", cause) >= SLOW_MS // 2
        before = len(self.twin.trace)
        time.sleep(0.5)
        assert len(self.twin.trace) == before

    def guest(self, client_id: str, secret: str, key_id: str, clean: bool = True) -> paho.Client:
        """A client on the host's side, connected or refused when this returns."""
        answers: list[int] = []
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean)
        client.username_pw_set(
            signing.device_username(key_id, self.twin.instance_id), signing.password(client_id, secret)
        )
        client.on_connect = lambda *_: answers.append(1)
        client.on_disconnect = lambda *_: answers.append(1)
        # Nothing drives it from here on: it pings nobody, and does not come back once it is closed.
        client.connect("127.0.0.1", self.twin.mqtt_port)
        end_s = time.monotonic() + ENDS_S
        while not answers and time.monotonic() < end_s:
            client.loop(0.05)
        self.guests.append(client)
        return client

    def other(self) -> paho.Client:
        cloud, client_id = self.device.cloud, f"{GROUP}@@@guest"
        held = credentials.find(cloud, client_id) or credentials.register(cloud, client_id)
        return self.guest(held.client_id, held.secret, held.key_id)

    def double(self, clean: bool = True) -> paho.Client:
        held = self.device.held
        return self.guest(held.client_id, held.secret, held.key_id, clean)

    def tell(self, text: str, retain: bool = False) -> None:
        """Publish to the application's own topic."""
        client = self.other()
        sent = client.publish(SETTINGS_TOPIC, text, qos=1, retain=retain)
        end_s = time.monotonic() + 2
        while not sent.is_published() and client.is_connected() and time.monotonic() < end_s:
            client.loop(0.05)
        leave(client)


def leave(guest: paho.Client) -> None:
    guest.disconnect()
    if link := guest.socket():
        link.close()
