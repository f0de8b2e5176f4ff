"""What this device publishes: numbered, through the outbox, one at a time, QoS 1."""

import gc
import json
import time

from micropython import const

from devcred.log import event

# While offline, what waits in memory is written to flash this long after it came at the latest.
_KEEP_MS = const(2000)
# A topic that the server refuses again and again is left alone for twice as long each time, up to this.
_REST_MAX_MS = const(3600000)


class Sender:
    """Accepts messages at any time; sends them, in order, when a link is there."""

    def __init__(self, outbox, config, now_s, boot_id):
        """`now_s()`: seconds since 1970, 0 if not known.

        `boot_id`: a text that differs from boot to boot, so that no message's id comes twice.
        """
        self._outbox = outbox
        self._config = config
        self._now_s = now_s
        self._boot_id = boot_id
        self._number = 0
        self._unkept_ms = None
        self._flight = (0, 0)  # number and packet id of what was sent and not acknowledged
        self.barred = []  # topics and filters that the server refuses
        self._barred_ms = time.ticks_ms()
        self._rest_ms = 0
        self._suspect = None

    def publish(self, topic, body):
        """Accept a message; False if the outbox is full. A dict goes out as JSON, with our
        client ID and an id `mid` by which the receiver knows what it has seen; text and bytes
        as they are. ValueError for anything else.
        """
        self._number += 1
        if isinstance(body, dict):
            body["client_id"] = self._config["client_id"]
            body["mid"] = "%s-%d" % (self._boot_id, self._number)
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if not isinstance(body, (bytes, bytearray)):
            # Found out later it would be the agent's failure, and not the application's.
            raise ValueError("body: give a dict, text or bytes")
        if self._unkept_ms is None:
            self._unkept_ms = time.ticks_ms()
        return self._outbox.put(self._number, self._now_s(), topic.encode(), body)

    def begin(self, session_present):
        """A link is there. Only a session that the server kept knows the packet id of before."""
        if not session_present:
            self._flight = (0, 0)

    def step(self, client):
        """Send the oldest message and let it go once acknowledged; False if there was none."""
        entry = self._outbox.peek(self._now_s())
        if entry is None:
            self._unkept_ms = None
            return False
        number, _, topic, payload = entry
        if topic.decode() in self.barred:
            self._outbox.aside()
            return True
        again = self._flight[1] if self._flight[0] == number else 0
        started_ms = time.ticks_ms()
        try:
            client.send(topic, payload, 1, again)
        finally:
            self._flight = (number, client.pid)
        self._flight = (0, 0)
        self._suspect = None
        if not self.barred:
            self._rest_ms = 0
        self._outbox.done()
        self._tell(topic.decode(), time.ticks_diff(time.ticks_ms(), started_ms))
        return True

    def refused(self, topic, certain):
        """The server ended the link over this topic or filter: the second time in a row, or when that is
        `certain`, it is left alone for a while, and the rest goes on. False for the first time: the
        server may just have gone away at that moment.
        """
        if not certain and topic != self._suspect:
            self._suspect = topic
            return False
        self._rest_ms = min(self._rest_ms * 2 or self._config["refused_retry_ms"], _REST_MAX_MS)
        self._barred_ms = time.ticks_ms()
        self.barred.append(topic)
        event("barred", "topic=%s s=%d" % (topic, self._rest_ms // 1000))
        return True

    def try_barred(self):
        """Have what was barred tried again after a while; True if that is so."""
        if self.barred and time.ticks_diff(time.ticks_ms(), self._barred_ms) > self._rest_ms:
            self.barred = []
            self._outbox.back()
            return True
        return False

    def offline(self):
        """No link: write to flash what has waited long enough, or is enough for a batch."""
        late = self._unkept_ms is not None and time.ticks_diff(time.ticks_ms(), self._unkept_ms) > _KEEP_MS
        if late or self._outbox.due():
            self.keep()

    def keep(self):
        """Write all to flash now: before a reboot, or when it must be safe."""
        self._unkept_ms = None
        # While offline nothing else collects, and what is kept lives long: it is not to lie among garbage.
        gc.collect()
        try:
            self._outbox.keep()
        except OSError as error:
            event("outbox", "flash refused it errno=%s; it waits in memory" % error.errno)

    def counts(self):
        """What telemetry tells of the outbox."""
        box = self._outbox
        counts = {"waiting": len(box), "refused": box.refused, "expired": box.expired}
        if self.barred:
            counts["barred"] = self.barred
        return counts

    def _tell(self, topic, taken_ms):
        name = "replied" if topic == self._config["reply_topic"] else "published"
        event(name, "topic=%s qos=1 acknowledged ms=%d" % (topic, taken_ms))
