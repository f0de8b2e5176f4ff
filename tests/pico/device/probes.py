"""Small questions to a MicroPython, each answered in a line `probe <name> <answer>`.

It runs as main.py of a board, and as a script of the bare unix VM. `where.json` beside it says what this
world is: `port`, `now_s`, the `parts` to ask, and under `peers` where each peer of tests/pico/peers.py is.
Each part is a module `probe_<part>` with its probes in order.
"""

import gc

gc.collect()
_free_bytes = gc.mem_free()

import sys  # noqa: E402
import time  # noqa: E402

from probe_kit import tell, where, words  # noqa: E402


def join():
    import machine
    import network

    station = network.WLAN(network.STA_IF)
    station.active(True)
    station.connect("RP2040PY-GUEST", "any-password")
    while not station.isconnected():
        time.sleep_ms(10)
    t = time.gmtime(where["now_s"])
    machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))


tell("version", lambda: "%d.%d.%d" % sys.implementation.version[:3])
joined = where["port"] == "unix"
for part in where["parts"]:
    if part == "local":
        tell("heap-words", lambda: words(_free_bytes))
    elif not joined:
        join()
        joined = True
    for name, call in __import__("probe_" + part).PROBES:
        tell(name, call)
print("probes done")
