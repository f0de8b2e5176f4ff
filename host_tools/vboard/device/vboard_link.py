"""Stands in for the wires between the chip and its world: how this board is set up, the event channel out of
it, and the channel in, by which it hears what is in the air.

`setup` is the JSON object that the supervisor passed in a pipe. emit() is one write of one line; the other
modules keep their lines ready-made, so that an event costs no allocation, and neither does hear() while there
is nothing to hear.
"""

import _thread
import io
import json
import sys

import uselect as select

with io.open(int(sys.argv[1]), "rb") as _pipe:
    setup = json.load(_pipe)
_channel = io.open(int(sys.argv[2]), "wb")
_control = io.open(int(sys.argv[3]), "rb")
_poll = select.poll()
_poll.register(_control, select.POLLIN)
# Of two threads that see one line, one would wait for the next.
_ear = _thread.allocate_lock()

PORT = setup["port"]
IS_ESP32 = PORT == "esp32"


def emit(line):
    """line: bytes, "kind text" and a newline."""
    _channel.write(line)


def hear(wait_ms=0):
    """The next line from the supervisor, which writes it in one piece; None if none comes in time."""
    for _ in _poll.ipoll(wait_ms):
        with _ear:
            for _ in _poll.ipoll(0):
                return _control.readline()
    return None


def halt():
    """The chip is off as far as the program is concerned: the supervisor ends this process now."""
    import utime

    while True:
        try:
            utime.sleep(60)
        except KeyboardInterrupt:
            pass
