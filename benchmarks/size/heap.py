"""Heap of the running agent, the VM's bytes by half: its words are twice as long as a board's.

As `heapsize=<n>wk` counts. Objects and tables are measured rightly so; texts and bytecode take no less on a
board, so that it needs somewhat more. TLS's own memory is not in it: the unix port takes that from the C
library, as the ESP32 does.
"""

from collections.abc import Collection

from benchmarks.micropython import DEVICE
from benchmarks.size.boards import Stage
from host_tools.errors import ToolError

_MAIN = DEVICE / "heap_main.py"
_POINTER_RATIO = 2
_WITHIN_S = 20.0
# The agent's event at which each figure is read, and which: what lives after a collection or, over the
# handshake, all that was taken since the one before it. At `tls` CONNECT has been sent, with all it needs.
_AT = {
    "import": ("import", "bytes"),
    "before TLS": ("clock", "bytes"),
    "peak in TLS handshake": ("tls", "with_garbage"),
    "connected": ("connack", "bytes"),
    "steady": ("steady", "bytes"),
}
_LEAST_WK, _MOST_WK = 16, 128
# Where the last free pieces lie is chance when they are few: a heap that did once is not enough.
_TRIES = 3


def measure(stage: Stage, features: Collection[str]) -> dict[str, int]:
    """By name: bytes in use, and the least heap with which it gets as far as CONNACK each time."""
    figures = {}
    with stage.board(features, _MAIN.read_bytes()) as console:
        for name, (event, what) in _AT.items():
            while (said := console.expect("heap", _WITHIN_S)).value("at") != event:
                pass
            figures[name] = int(said.value(what) or 0) // _POINTER_RATIO
    return figures | {"least heap": 1024 * _least_wk(stage, features)}


def _least_wk(stage: Stage, features: Collection[str]) -> int:
    """KiB of heap, by halving."""
    low, high = _LEAST_WK, _MOST_WK
    while high - low > 1:
        middle = (low + high) // 2
        if all(_connects(stage, features, middle) for _ in range(_TRIES)):
            high = middle
        else:
            low = middle
    return high


def _connects(stage: Stage, features: Collection[str], heap_wk: int) -> bool:
    with stage.board(features, b"from devcred import agent\nagent.main()\n", heap_wk) as console:
        try:
            console.expect("connack", 5)
        except ToolError:
            return False
    return True
