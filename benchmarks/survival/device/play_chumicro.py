"""chumicro-mqtt as its page shows it: from_config, connect, and a loop of check and handle.

The argument `kept` asks for a session that outlives the connection. Where its queue is full the
number is tried again at the next tick, as its page asks.
"""

import sys
import time

from chumicro_mqtt import MQTTBackpressureError, MQTTClient
from chumicro_timing import ticks_ms
from schedule import TOPIC, Schedule, say, since_us


def main():
    plan = Schedule()
    client = MQTTClient.from_config(
        {
            "mqtt.broker.host": plan.host,
            "mqtt.broker.port": plan.port,
            "mqtt.client_id": plan.client_id,
            "mqtt.username": plan.username,
            "mqtt.password": plan.password,
            "mqtt.keep_alive_seconds": plan.keepalive_s,
        },
        clean_session=sys.argv[1:] != ["kept"],
    )
    numbers = _Numbers(plan, client)
    started_us = time.ticks_us()
    client.on_connect = lambda *_: say("connected", since_us(started_us))
    client.connect()
    told = None
    while numbers.acknowledged < plan.count:
        now_ms = ticks_ms()
        if client.check(now_ms):
            client.handle(now_ms)
        numbers.step(now_ms)
        if client.last_error is not None and client.last_error is not told:
            told = client.last_error
            say("why", repr(told))
        time.sleep_ms(1)
    say("done")
    client.disconnect()


class _Numbers:
    """Publishes each number when it is due; counts those that were delivered."""

    def __init__(self, plan, client):
        self._plan = plan
        self._client = client
        self._next = 0
        self._due_ms = ticks_ms()
        self.acknowledged = 0

    def step(self, now_ms):
        if self._next >= self._plan.count or time.ticks_diff(now_ms, self._due_ms) < 0:
            return
        number, started_us = self._next, time.ticks_us()
        try:
            self._client.publish(
                TOPIC,
                self._plan.payload(number),
                qos=1,
                on_publish=lambda *_: self._delivered(number, started_us),
            )
        except MQTTBackpressureError:
            return
        self._next += 1
        self._due_ms = time.ticks_add(now_ms, self._plan.wait_ms(self._next))

    def _delivered(self, number, started_us):
        self.acknowledged += 1
        say("acked", number, since_us(started_us))


main()
