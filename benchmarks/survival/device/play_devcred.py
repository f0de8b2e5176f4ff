"""Our link: the agent's own modules, and around them the loop that the agent runs.

Left out of the agent: board, Wi-Fi, clock, TLS, flash. Settings are the shipped defaults.
"""

import random
import sys
import time

from schedule import TOPIC, Schedule, say, since_us

from devcred import causes, config, retry
from devcred.errors import LinkError
from devcred.mqtt import Client, Seen
from devcred.outbox import Outbox
from devcred.sending import Sender
from devcred.session import Session
from devcred.stream import Stream


class _Device:
    """What a session asks of a device: nothing is due here but the numbers."""

    def __init__(self):
        self.facts = {}
        self.resending = False
        self.heartbeat_ms = 86400000


class _Numbers:
    """Puts each number into the sender when it is due, whether there is a link or not."""

    def __init__(self, schedule, sender):
        self._schedule = schedule
        self._sender = sender
        self._next = 0
        self._due_ms = time.ticks_ms()

    def step(self):
        if self._next >= self._schedule.count or time.ticks_diff(time.ticks_ms(), self._due_ms) < 0:
            return
        self._sender.publish(TOPIC, self._schedule.payload(self._next))
        self._next += 1
        self._due_ms = time.ticks_add(time.ticks_ms(), self._schedule.wait_ms(self._next))

    def over(self):
        return self._next >= self._schedule.count and not self._sender.counts()["waiting"]


class _Timed(Client):
    """Says how long each number took."""

    def send(self, topic, payload, qos=1, again=0):
        say("trying", payload.decode())
        started_us = time.ticks_us()
        super().send(topic, payload, qos, again)
        if topic == TOPIC.encode():
            say("acked", payload.decode(), since_us(started_us))


def main():
    schedule = Schedule()
    given = {"client_id": schedule.client_id, "host": schedule.host, "port": schedule.port, "tls": False}
    settings = config.check(given)
    settings["keepalive_s"] = schedule.keepalive_s
    random.seed(time.ticks_us())
    sender = Sender(
        Outbox(None, settings["outbox_messages"], settings["outbox_bytes"]), settings, time.time, "1"
    )
    backoff = retry.Backoff(
        settings["retry_base_ms"],
        settings["retry_cap_ms"],
        settings["refused_retry_ms"],
        retry.STABLE_MS,
        settings["retry_spread_ms"],
        random.randrange,
    )
    numbers, seen = _Numbers(schedule, sender), Seen()
    while not numbers.over():
        cause, held_ms = _live_once(schedule, settings, sender, numbers, seen)
        if cause is not None:
            cause = backoff.lost(cause, held_ms)
            say("why", cause)
            _wait(backoff.delay_ms(cause), numbers)
    say("done")


def _live_once(schedule, settings, sender, numbers, seen):
    """One connection's life; its cause of death and how long it stood, in ms."""
    stream = Stream(settings["connect_timeout_ms"], lambda: None, lambda call: call())
    client = _Timed(
        stream,
        schedule.host,
        schedule.port,
        schedule.client_id,
        schedule.username,
        schedule.password,
        schedule.keepalive_s,
        8192,
        seen,
    )
    connected_ms = None
    try:
        started_us = time.ticks_us()
        present = client.open(settings["clean_session"])
        say("connected", since_us(started_us))
        connected_ms = time.ticks_ms()
        sender.begin(present)
        session = Session(client, settings, _Device(), sender)
        while not numbers.over():
            numbers.step()
            if not session.step():
                time.sleep_ms(5)
        return None, None
    except LinkError as error:
        held_ms = None if connected_ms is None else time.ticks_diff(time.ticks_ms(), connected_ms)
        return error.cause, held_ms
    except OSError:
        return causes.LINK_LOST, None
    finally:
        client.shut()


def _wait(delay_ms, numbers):
    started_ms = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), started_ms) < delay_ms:
        numbers.step()
        time.sleep_ms(5)


# The agent's console line for each publish is not of interest here.
sys.modules["devcred.sending"].event = lambda *_: None
main()
