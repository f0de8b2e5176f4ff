"""The host's own MQTT client (paho) on the broker: it sees what the device publishes."""

import json
import queue
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from devcred import signing
from host_tools.cloud.credentials import DeviceCredential
from host_tools.errors import MachineError

_QOS = 1
_KEEPALIVE_S = 60


class Observer:
    """Connects over TLS with the server verified, and subscribes to `topics`; a context manager.

    `start` does the work and may be interrupted; `__exit__` ends it whatever came of it.
    """

    def __init__(
        self, credential: DeviceCredential, address: tuple[str, int], ca_der: bytes, topics: str
    ) -> None:
        self._credential = credential
        self._address = address
        self._topics = topics
        self._ready: queue.Queue[str] = queue.Queue()
        self._messages: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self._client = self._made(ca_der)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def start(self, within_s: float) -> None:
        """Until the subscription is granted; MachineError says what stood in the way."""
        try:
            self._client.connect(*self._address, keepalive=_KEEPALIVE_S)
        except OSError as error:
            raise _failed(f"cannot reach the broker ({type(error).__name__})") from None
        self._client.loop_start()
        try:
            trouble = self._ready.get(timeout=within_s)
        except queue.Empty:
            trouble = f"no answer from the broker within {within_s:g} s"
        if trouble:
            raise _failed(trouble)

    def wait_for(
        self, topic: str, fits: Callable[[Mapping[str, Any]], bool], within_s: float
    ) -> dict[str, Any]:
        """The next JSON message on `topic` that `fits`; MachineError when none comes in time."""
        end_s = time.monotonic() + within_s
        while (left_s := end_s - time.monotonic()) > 0:
            try:
                found, message = self._messages.get(timeout=left_s)
            except queue.Empty:
                break
            if found == topic and fits(message):
                return message
        raise _failed(f"nothing of that kind on {topic} within {within_s:g} s")

    def arrived(self, topic: str) -> list[dict[str, Any]]:
        """The JSON messages on `topic` since the last call; those on others are dropped."""
        found = []
        while not self._messages.empty():
            where, message = self._messages.get()
            if where == topic:
                found.append(message)
        return found

    def _made(self, ca_der: bytes) -> paho.Client:
        held = self._credential
        made = paho.Client(CallbackAPIVersion.VERSION2, client_id=held.client_id)
        made.username_pw_set(
            signing.device_username(held.key_id, held.instance_id),
            signing.password(held.client_id, held.secret),
        )
        context = ssl.create_default_context(cadata=ca_der)
        made.tls_set_context(context)
        made.on_connect = self._connected
        made.on_subscribe = self._subscribed
        made.on_message = self._arrived
        return made

    def _connected(self, client: paho.Client, data: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            self._ready.put(f"the broker refused the connection ({code})")
        else:
            client.subscribe(self._topics, qos=_QOS)

    def _subscribed(self, client: paho.Client, data: Any, mid: int, codes: Any, properties: Any) -> None:
        refused = any(code.is_failure for code in codes)
        self._ready.put(f"the broker refused the subscription to {self._topics}" if refused else "")

    def _arrived(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        try:
            found = json.loads(message.payload)
        except ValueError:
            return
        if isinstance(found, dict):
            self._messages.put((message.topic, found))


def _failed(what: str) -> MachineError:
    return MachineError(what, where="observer")
