"""The MQTT client: umqtt.simple, unmodified, over a stream that cannot hang.

umqtt encodes. What it gets wrong is put right here: packet ids past 65,535, a broker that
closes before CONNACK, acknowledgements nobody waits for, PINGRESP swallowed, messages of any
size, lengths of text that is not ASCII. Every failure is a LinkError. It works on the API of
1.3.4 and of 1.8, which the boards' firmware freezes.
"""

import binascii
import time

from micropython import const
from umqtt import simple

from devcred import causes, features
from devcred.errors import LinkError

_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_PUBREL = const(0x60)
_SUBACK = const(0x90)
_PINGRESP = const(0xD0)
_DUP = const(8)
_PID_MAX = const(65535)
# The service's 64 KB payload with its headers; more than that is no message of its.
_PACKET_MAX_BYTES = const(66000)


class Seen:
    """The QoS 1 messages handled last, over connections: what comes again is not handled again."""

    def __init__(self, most=16):
        self._most = most
        self._keys = []

    def __contains__(self, key):
        return key in self._keys

    def add(self, key):
        """Remember this one; the oldest is forgotten."""
        self._keys.append(key)
        if len(self._keys) > self._most:
            self._keys.pop(0)


class Client(simple.MQTTClient):
    """One connection's client. Text is turned to bytes before umqtt counts its length."""

    def __init__(
        self, stream, host, port, client_id, username, password, keepalive_s, receive_max_bytes, seen
    ):
        """`receive_max_bytes`: a longer message that comes in is skipped and counted."""
        super().__init__(_octets(client_id), host, port, _octets(username), _octets(password), keepalive_s)
        self._stream = stream
        self._awaited = 0
        self._receive_max_bytes = receive_max_bytes
        self._seen = seen
        self._sent_ms = self._ping_ms = self._answer_by = time.ticks_ms()
        self._pinged = False
        self.acknowledged = 0
        self.skipped = 0

    def open(self, clean_session):
        """Reach the server and log in. Returns whether it kept a session for us."""
        # It stands for the module `socket` inside umqtt, and hands out itself.
        simple.socket = self._stream
        try:
            present = self.connect(clean_session)
        except simple.MQTTException as refusal:
            self._check_connack()
            raise LinkError(causes.from_connack(refusal.args[0]), refusal.args[0])
        except (AssertionError, IndexError):
            raise LinkError(causes.PROTOCOL, "connack")
        self._check_connack()
        self._sent_ms = time.ticks_ms()
        return bool(present)

    @property
    def secured(self):
        """Whether TLS stands, with CA and host name verified."""
        return self._stream.secured

    def send(self, topic, payload, qos=1, again=0):
        """Publish; with QoS 1, return once it is acknowledged. `pid` is then its packet id.

        `again`: the packet id under which the same session sent it before; it goes out with
        that id and DUP set (MQTT-3.3.1-1). The server closes without a word when it refuses
        a topic, so an end of the stream while the acknowledgement is awaited is TOPIC_REFUSED.
        Worst case: the stream's timeout for all of it, beside what other messages take meanwhile.
        """
        if again:
            self.pid = again - 1
        # umqtt puts `retain` into the header as it is, which is the one way to reach its DUP bit.
        flags = _DUP if again else 0
        self._acknowledged(_PUBACK if qos else 0, self.publish, _octets(topic), _octets(payload), flags, qos)

    def post(self, topic, payload, again=0):
        """Publish at QoS 1 without waiting; its packet id, `again` to repeat it, will be `acknowledged`."""
        self.pid = again or self.pid % _PID_MAX + 1
        self._stream.setblocking(True)
        flags = 2 | (_DUP if again else 0)  # as `retain`: told of QoS 1, umqtt itself would wait
        self.publish(_octets(topic), self.pid.to_bytes(2, "big") + payload, flags, 0)  # type: ignore[arg-type]
        self._stream.flush()
        return self.pid

    def listen(self, topic_filter, qos=1):
        """Subscribe, and return once that is answered; False if it is refused while the link stands."""
        return self._acknowledged(_SUBACK, self.subscribe, _octets(topic_filter), qos)

    def keep_alive(self):
        """Ping when half the keep-alive has passed in silence; LINK_LOST if none comes back."""
        now = time.ticks_ms()
        if self._pinged:
            if time.ticks_diff(now, self._ping_ms) > self.keepalive * 500:
                raise LinkError(causes.LINK_LOST, "no pingresp")
        elif time.ticks_diff(now, self._sent_ms) > self.keepalive * 500:
            self.ping()
            self._stream.flush()
            self._pinged = True
            self._ping_ms = self._sent_ms = now

    def wait_msg(self):
        """One packet, in umqtt's stead: its type when umqtt waits for it, else None.

        Reading stays in step whatever comes; QoS 1 and 2 are acknowledged after the handler.
        Worst case: the stream's timeout for the whole packet, beside what the handler takes.
        """
        # A server that talks without end never lets the stream wait, which is what feeds otherwise.
        self._stream.feed()
        if self._awaited:
            if time.ticks_diff(self._answer_by, time.ticks_ms()) <= 0:
                raise LinkError(causes.LINK_LOST, "no acknowledgement")
            self._stream.limit(self._answer_by)
        head = self.sock.read(1)
        if head is None:
            return None
        self.sock.setblocking(True)
        self._stream.limit(self._stream.deadline())
        kind = head[0] & 0xF0
        if self._awaited and kind == self._awaited:
            return head[0]  # umqtt reads the rest
        self._take(head[0], kind)
        self._stream.limit(None)
        return None

    def _take(self, head, kind):
        size = self._length()
        if kind == _PUBLISH:
            self._incoming(head, size)
        elif kind == _PUBREL and size == 2:
            self._answer(b"\x70\x02", self.sock.read(2))
        elif features.RENEWAL and kind == _PUBACK and size == 2:
            self.acknowledged = _number(self.sock.read(2))
        else:
            self._pinged = self._pinged and kind != _PINGRESP
            self._stream.skip(size)

    def shut(self):
        """Say goodbye if the link takes it at once, and free the socket; never waits nor raises."""
        self._stream.close(b"\xe0\0")

    def _acknowledged(self, awaited, call, *arguments):
        self._awaited = awaited
        # check_msg leaves it not blocking, and umqtt would then ask for the answer without end.
        self._stream.setblocking(True)
        self._answer_by = self._stream.deadline()
        self._stream.limit(self._answer_by)
        if self.pid >= _PID_MAX:
            self.pid = 0  # the next one is 1; 0 is no packet id (MQTT-2.3.1-1)
        try:
            call(*arguments)
            self._stream.flush()
        except LinkError as error:
            if awaited and error.cause == causes.CLOSED:
                raise LinkError(causes.TOPIC_REFUSED, arguments[0].decode())
            raise
        except simple.MQTTException:
            return False
        except (AssertionError, IndexError):
            raise LinkError(causes.PROTOCOL, "acknowledgement")
        finally:
            self._awaited = 0
            self._stream.limit(None)
        self._sent_ms = time.ticks_ms()
        return True

    def _check_connack(self):
        # umqtt asserts this, and firmware may be built with assertions left out.
        if self._stream.last[:2] != b"\x20\x02":
            raise LinkError(causes.PROTOCOL, "connack")

    def _length(self):
        # At most four bytes (MQTT 3.1.1 section 2.2.3); umqtt's own loop has no bound.
        length = shift = 0
        byte = 0x80
        while byte & 0x80 and shift < 28:
            byte = self.sock.read(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
        if byte & 0x80 or length > _PACKET_MAX_BYTES:
            raise LinkError(causes.PROTOCOL, "length")
        return length

    def _incoming(self, head, size):
        qos = head >> 1 & 3
        topic_bytes = _number(self.sock.read(2))
        size -= 2 + topic_bytes + (2 if qos else 0)
        if size < 0 or qos == 3:
            raise LinkError(causes.PROTOCOL, "publish")
        topic = self.sock.read(topic_bytes)
        pid = self.sock.read(2) if qos else None
        if not features.OUTBOX or size > self._receive_max_bytes:
            started_ms = time.ticks_ms()
            self._stream.skip(size)
            self._not_ours(started_ms)
            self.skipped += 1
        else:
            self._handle(head, topic, self.sock.read(size) if size else b"", pid)
        if pid:
            # The service may send P2P at QoS 2, which nobody subscribes to: PUBREC, and PUBCOMP later.
            self._answer(b"\x40\x02" if qos == 1 else b"\x50\x02", pid)

    def _handle(self, head, topic, payload, pid):
        started_ms = time.ticks_ms()
        if pid is None:
            self.cb(topic, payload)
        else:
            key = (pid, binascii.crc32(payload, binascii.crc32(topic)))
            if not (head & _DUP and key in self._seen):
                self.cb(topic, payload)
                self._seen.add(key)
        self._not_ours(started_ms)

    def _not_ours(self, since_ms):
        # A slow handler, or a long skip, is not the server's delay: its answer gets that time back.
        self._answer_by = time.ticks_add(self._answer_by, time.ticks_diff(time.ticks_ms(), since_ms))
        self._stream.limit(self._stream.deadline())

    def _answer(self, head, pid):
        self._stream.write(head)
        self._stream.write(pid)
        self._stream.flush()


def _octets(value):
    return value.encode() if isinstance(value, str) else value


def _number(two_bytes):
    return two_bytes[0] << 8 | two_bytes[1]
