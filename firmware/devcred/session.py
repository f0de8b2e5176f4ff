"""One connection's work, from CONNACK to its loss: telemetry, commands, keep-alive."""

import time

from devcred import features, topics
from devcred.log import event

if features.COMMANDS:
    from devcred import commands

# A sender that floods us loses its newest requests, not our heap.
_REPLIES_MAX = 4
_SLOW_MS = 1000


class Session:
    """Serves over a client that is logged in; every method may raise LinkError."""

    def __init__(self, client, config, device, sender, subscriptions=(), keeper=None):
        """`device` answers commands (see `commands.answer`); `sender` takes what is published.

        `subscriptions`: the application's, (filter, handler of topic and payload) pairs.
        `keeper`: keeps the tokens good, where there are any.
        """
        self._client = client
        self._config = config
        self._device = device
        self._sender = sender
        self._subscriptions = subscriptions  # the application may add to it at any time
        self._keeper = keeper
        self._listened = 0
        self._replies = 0
        self._told_ms = time.ticks_ms()
        if features.COMMANDS:
            self._p2p = topics.p2p(config["parent_topic"], config["client_id"]).encode()
        client.set_callback(self._on_message)

    def begin(self):
        """The application's subscriptions, and first telemetry. P2P needs no subscription: the
        service delivers it by itself."""
        self._listen()
        self.tell()

    def step(self):
        """What is due now; returns at once when nothing is. True if there may be more to send."""
        if features.RENEWAL and self._keeper is not None and self._keeper.step(self._client):
            # Nothing else may be published or subscribed until the server has taken the token.
            self._client.check_msg()
            self._client.keep_alive()
            return False
        if self._sender.try_barred():
            self._listened = 0
        self._listen()
        self._client.check_msg()
        busy = self._sender.step(self._client)
        if not busy:
            self._replies = 0
        silent_ms = time.ticks_diff(time.ticks_ms(), self._told_ms)
        if silent_ms >= self._device.heartbeat_ms or self._device.resending:
            self.tell()
        self._client.keep_alive()
        return busy

    def _listen(self):
        while self._listened < len(self._subscriptions):
            topic_filter = self._subscriptions[self._listened][0]
            if topic_filter not in self._sender.barred and not self._client.listen(topic_filter):
                self._sender.refused(topic_filter, True)
            self._listened += 1

    def tell(self):
        """Put telemetry on its way."""
        self._told_ms = time.ticks_ms()
        self._device.resending = False
        body = {name: fact() for name, fact in self._device.facts.items()}
        self._sender.publish(self._config["telemetry_topic"], body)

    def _on_message(self, topic, payload):
        if features.RENEWAL and self._keeper is not None:
            self._keeper.notice(topic, payload)
        if features.COMMANDS and topic == self._p2p:
            self._command(payload)
        for topic_filter, handler in self._subscriptions:
            if topics.matches(topic_filter, topic.decode()):
                self._hand_over(topic_filter, handler, topic, payload)

    def _command(self, payload):
        if self._replies >= _REPLIES_MAX:
            event("command", "dropped: too many at once")
            return
        reply = commands.answer(payload, self._device)
        if reply is not None:
            event("command", "cmd=%s id=%s" % (reply["cmd"], reply["id"]))
            self._replies += 1
            self._sender.publish(self._config["reply_topic"], reply)

    def _hand_over(self, topic_filter, handler, topic, payload):
        started_ms = time.ticks_ms()
        try:
            handler(topic, payload)
        except Exception as error:  # the application's, which must not take the link down
            event("app", "handler of %s failed with %s" % (topic_filter, type(error).__name__))
        taken_ms = time.ticks_diff(time.ticks_ms(), started_ms)
        if taken_ms > _SLOW_MS:
            event("app", "handler of %s took ms=%d" % (topic_filter, taken_ms))
