"""Stands in for the wires between the chip and its world: how this board is set up, and the event channel out
of it.

`setup` is the JSON object that the supervisor passed in a pipe. emit() is one write of one line; the other
modules keep their lines ready-made, so that an event costs no allocation.
"""

import io
import json
import sys

with io.open(int(sys.argv[1]), "rb") as _pipe:
    setup = json.load(_pipe)
_channel = io.open(int(sys.argv[2]), "wb")

PORT = setup["port"]
IS_ESP32 = PORT == "esp32"


def emit(line):
    """line: bytes, "kind text" and a newline."""
    _channel.write(line)


def halt():
    """The chip is off as far as the program is concerned: the supervisor ends this process now."""
    import utime

    while True:
        try:
            utime.sleep(60)
        except KeyboardInterrupt:
            pass
