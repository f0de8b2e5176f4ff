"""Stands in for the port's `time`: a wall clock that is unset at power-on, in the board's epoch, and 30-bit
ticks.

The clock starts where the port's does (ESP32: 2000-01-01, epoch 2000; RP2: 2021-01-01, epoch 1970) and is set
by machine.RTC().datetime(). Ticks count from the last hard reset and wrap at 2**30, as on a 32-bit board.
sleep and ticks_cpu are the unix port's. Left out: drift.
"""

import _thread

import utime
from utime import sleep, sleep_us, ticks_cpu
from vboard_air import listen, skipped
from vboard_link import setup

_NS = 1000000000
_EPOCH_S = 946684800 if setup["epoch"] == 2000 else 0
_PERIOD = 1 << 30
_MASK = _PERIOD - 1
_HALF = _PERIOD >> 1
_START_US = setup["reset_us"]
_START_MS = _START_US // 1000

_main = _thread.get_ident()
_offset_ns = setup["clock_offset_ns"]
_skipped_ms = 0


def sleep_ms(ms):
    global _offset_ns, _skipped_ms
    utime.sleep_ms(ms)
    # Only here, and not in a thread beside the program: in the midst of talk with a server it would be a
    # delay that nobody caused.
    if _thread.get_ident() != _main:
        return
    listen()
    while skipped:
        skip_ms = skipped.pop()
        _offset_ns += skip_ms * 1000000
        _skipped_ms += skip_ms


def set_ns(board_ns):
    """Sets the wall clock, in nanoseconds since the board's epoch. Returns the offset to the host's clock."""
    global _offset_ns
    _offset_ns = board_ns - utime.time_ns()
    return _offset_ns


def time_ns():
    return utime.time_ns() + _offset_ns


def time():
    return (utime.time_ns() + _offset_ns) // _NS


def gmtime(secs=None):
    return utime.gmtime((time() if secs is None else int(secs)) + _EPOCH_S)[:8]


localtime = gmtime  # no board has a time zone


def mktime(date):
    return int(utime.mktime(date)) - _EPOCH_S


def ticks_ms():
    return (utime.ticks_ms() - _START_MS + _skipped_ms) & _MASK


def ticks_us():
    return (utime.ticks_us() - _START_US + _skipped_ms * 1000) & _MASK


def ticks_add(ticks, delta):
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & _MASK


def ticks_diff(end, start):
    return ((end - start + _HALF) & _MASK) - _HALF
