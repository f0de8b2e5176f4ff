"""What every script of the comparison is told on stdin, and says on stdout: one line per event.

`connected <us>`: since the call that connects. `trying <number>`: a publish that does not
return before its acknowledgement. `acked <number> <us>`: since the call that publishes.
`why <text>`: what the client's API said about a failure. `done`: all are acknowledged.
"""

import json
import sys
import time

TOPIC = "devcred/numbers"


class Schedule:
    """The login, and when each number is due."""

    def __init__(self):
        given = json.loads(sys.stdin.readline())
        self.host = "127.0.0.1"
        self.port = given["port"]
        self.client_id = given["client_id"]
        self.username = given["username"]
        self.password = given["password"]
        self.keepalive_s = given["keepalive_s"]
        self.count = given["count"]
        self._interval_ms = given["interval_ms"]
        self._pause = (given["pause_before"], given["pause_ms"])

    def wait_ms(self, number):
        """How long to do nothing before `number` is published."""
        return self._pause[1] if number == self._pause[0] else self._interval_ms

    def payload(self, number):
        """The message that carries `number`."""
        return b"%d" % number


def say(*words):
    """One event."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def since_us(started_us):
    """Microseconds since then."""
    return time.ticks_diff(time.ticks_us(), started_us)
