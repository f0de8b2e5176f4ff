"""One connection's work, from CONNACK to its loss: telemetry, commands, keep-alive."""

import json
import time

from devcred import commands, topics
from devcred.log import event

# A sender that floods us loses its oldest requests, not our heap.
_REPLIES_MAX = 4


class Session:
    """Serves over a client that is logged in; every method may raise LinkError."""

    def __init__(self, client, config, facts):
        """`facts`: callables by name, what telemetry and commands tell about this device."""
        self._client = client
        self._config = config
        self._facts = facts
        self._replies = []
        self._sequence = 0
        self._told_ms = time.ticks_ms()
        self._p2p = topics.p2p(config["parent_topic"], config["client_id"]).encode()
        client.set_callback(self._on_message)

    def begin(self):
        """The first telemetry. Nothing is subscribed: the service delivers P2P without it."""
        self._tell()

    def step(self):
        """What is due now; returns at once when nothing is."""
        self._client.check_msg()
        while self._replies:
            self._reply(self._replies.pop(0))
        if time.ticks_diff(time.ticks_ms(), self._told_ms) >= self._config["heartbeat_s"] * 1000:
            self._tell()
        self._client.keep_alive()

    def _tell(self):
        body = {name: fact() for name, fact in self._facts.items()}
        body["seq"] = self._sequence
        self._sequence += 1
        self._told_ms = time.ticks_ms()
        self._publish("published", self._config["telemetry_topic"], body)

    def _reply(self, body):
        self._publish("replied", self._config["reply_topic"], body)

    def _publish(self, name, topic, body):
        body["client_id"] = self._config["client_id"]
        started_ms = time.ticks_ms()
        self._client.send(topic, json.dumps(body))
        taken_ms = time.ticks_diff(time.ticks_ms(), started_ms)
        event(name, "topic=%s qos=1 acknowledged ms=%d" % (topic, taken_ms))

    def _on_message(self, topic, payload):
        if topic != self._p2p:
            return
        reply = commands.answer(payload, self._facts)
        if reply is not None and len(self._replies) < _REPLIES_MAX:
            event("command", "cmd=%s id=%s" % (reply["cmd"], reply["id"]))
            # Sent from `step`, once this message is acknowledged: publishing here would
            # wait for an acknowledgement inside the reading of another packet.
            self._replies.append(reply)
