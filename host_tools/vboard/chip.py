"""What a chip keeps and forgets over each kind of reset. Source: MicroPython's ports/esp32 and ports/rp2."""

import calendar
import time
from dataclasses import dataclass
from enum import Enum

from host_tools.vboard.watchdog import Watchdog

_NS = 1_000_000_000
_EPOCH_2000_S = calendar.timegm((2000, 1, 1, 0, 0, 0))
_RP2_START_S = calendar.timegm((2021, 1, 1, 0, 0, 0))


class Reset(Enum):
    """How the interpreter came to start."""

    POWER_ON = "power-on"
    HARD = "hard"  # machine.reset()
    WATCHDOG = "watchdog"
    CRASH = "crash"  # the interpreter died: a panic
    SOFT = "soft"  # Ctrl-D, machine.soft_reset(), or sys.exit() in boot.py or main.py


# machine.reset_cause(). esp32: PWRON 1, HARD 2 (software reset and panic), WDT 3, SOFT 5. rp2 knows PWRON 1
# and WDT 3 only: its machine.reset() is a watchdog reset, and a soft reset leaves the value as it was.
_CAUSES = {
    "esp32": {Reset.POWER_ON: 1, Reset.HARD: 2, Reset.WATCHDOG: 3, Reset.CRASH: 2, Reset.SOFT: 5},
    "rp2": {Reset.POWER_ON: 1, Reset.HARD: 3, Reset.WATCHDOG: 3, Reset.CRASH: 3},
}
# What the ESP32's boot ROM prints.
_ROM_LINES = {Reset.POWER_ON: b"rst:0x1 (POWERON_RESET)\r\n"}
_ROM_LINE = b"rst:0xc (SW_CPU_RESET)\r\n"
SOFT_LINE = b"MPY: soft reboot\r\n"


@dataclass
class Clock:
    """The board's wall clock. offset_ns: what to add to host Unix time to get nanoseconds since the board's
    epoch.

    At power-on it is unset: an ESP32 counts from its epoch, 2000-01-01; an RP2 starts at 2021-01-01, epoch
    1970.
    """

    port: str
    epoch: int
    offset_ns: int = 0

    def reset(self, how: Reset, host_ns: int) -> None:
        """ESP32 keeps its clock over all but power-on; RP2 sets it anew in every start but a soft reset."""
        if how is Reset.SOFT or (self.port == "esp32" and how is not Reset.POWER_ON):
            return
        epoch_s = _EPOCH_2000_S if self.epoch == 2000 else 0
        start_s = epoch_s if self.port == "esp32" else _RP2_START_S
        self.offset_ns = (start_s - epoch_s) * _NS - host_ns


class Chip:
    """Watchdog, clock and reset cause of one board. reset_us: CLOCK_MONOTONIC at the last hard reset."""

    def __init__(self, port: str, epoch: int) -> None:
        self.watchdog = Watchdog()
        self.clock = Clock(port, epoch)
        self.reset_cause = 0
        self.reset_us = 0
        self._causes = _CAUSES[port]

    def reset(self, how: Reset) -> None:
        """What this reset does to it."""
        if how is Reset.SOFT:
            self.watchdog.timers_stopped(time.monotonic())
        else:
            self.watchdog.clear()
            self.reset_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.clock.reset(how, time.time_ns())
        self.reset_cause = self._causes.get(how, self.reset_cause)


def announcement(port: str, how: Reset) -> bytes:
    """What the console shows of a reset before boot.py: an RP2's USB port shows nothing of a hard one."""
    if how is Reset.SOFT:
        return SOFT_LINE
    return _ROM_LINES.get(how, _ROM_LINE) if port == "esp32" else b""
