"""Stands in for the port's `machine`: identity, resets, watchdog, pins, clock and timers, as events to the
supervisor.

Left out: everything that measures or drives the outside world (ADC, PWM, I2C, SPI, UART, interrupts on pins,
sleep modes); RTC alarms and memory; and the callbacks of Timer, which the unix port cannot run between two
instructions of a program: a periodic timer only tells the supervisor that it runs, and counts there as
something that feeds the watchdog.
"""

import time
from binascii import hexlify

import utime
from umachine import PinBase, Signal, idle, mem8, mem16, mem32, time_pulse_us
from vboard_air import driven, listen, station
from vboard_link import IS_ESP32, emit, halt, setup

PWRON_RESET = 1
WDT_RESET = 3
if IS_ESP32:
    HARD_RESET = 2
    DEEPSLEEP_RESET = 4
    SOFT_RESET = 5

_UNIQUE_ID = bytes.fromhex(setup["unique_id"])
_HZ = [160000000 if IS_ESP32 else 125000000]


def unique_id():
    return _UNIQUE_ID


def reset_cause():
    return setup["reset_cause"]


def reset():
    """At once: no `finally` runs, as on the chip."""
    emit(b"reset\n")
    halt()


def soft_reset():
    raise SystemExit


def freq(hz=None):
    if hz is None:
        return _HZ[0]
    _HZ[0] = hz


def disable_irq():
    return 0


def enable_irq(state=0):
    pass


class WDT:
    """Cannot be stopped; starting it again sets a new timeout. Limits: RP2040 8388 ms, RP2350 16777 ms."""

    def __init__(self, id=0, timeout=5000):
        limit_ms = setup["wdt_max_ms"]
        if id != 0:
            raise ValueError("WDT(%d) doesn't exist" % id)
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        if limit_ms and timeout > limit_ms:
            raise ValueError("timeout exceeds %d" % limit_ms)
        self._quiet_ms = timeout // setup["feeds_per_timeout"]
        self._fed_ms = utime.ticks_ms()
        emit(b"wdt %d\n" % timeout)

    def feed(self):
        now_ms = utime.ticks_ms()
        if now_ms - self._fed_ms >= self._quiet_ms:  # a report now and then is enough, and cheap
            self._fed_ms = now_ms
            emit(b"fed\n")


# Pins of a Pico W's radio chip.
_BEHIND_RADIO = () if IS_ESP32 else ("LED", "WL_GPIO0", "WL_GPIO1")
_lit = {}


def go_dark():
    """The radio chip is off. The port's own memory of its pins' levels is not told."""
    for line in _lit.values():
        emit(line)
    _lit.clear()


class Pin(PinBase):
    """A level that is remembered. An output's changes are events; an input reads what drives it from outside,
    else its pull resistor. One behind a Pico W's radio chip powers that up at the first touch, an output's
    making included; a level it remembers is not written again.
    """

    IN = 1 if IS_ESP32 else 0
    OUT = 3 if IS_ESP32 else 1
    OPEN_DRAIN = 7 if IS_ESP32 else 2
    PULL_UP = 2 if IS_ESP32 else 1
    PULL_DOWN = 1 if IS_ESP32 else 2
    IRQ_RISING = 1 if IS_ESP32 else 8
    IRQ_FALLING = 2 if IS_ESP32 else 4

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, alt=None, hold=None):
        self._id = id
        self._name = str(id)
        self._mode = self.IN
        self._level = 0
        self._lines = tuple(b"led %s %d\n" % (str(id).encode(), level) for level in (0, 1))
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, alt=None, hold=None):
        if mode not in (-1, None):
            self._mode = mode
        if self._mode != self.IN and self._name in _BEHIND_RADIO:
            station.power_up(b"led")
        if value is not None:
            self.value(value)
        elif self._mode == self.IN and pull not in (-1, None):
            self._level = int(pull == self.PULL_UP)

    def value(self, level=None):
        if level is None:
            if self._mode != self.IN:
                return self._level
            listen()
            return driven.get(self._name, self._level)
        level = 1 if level else 0
        if level != self._level and self._mode != self.IN:
            if self._name in _BEHIND_RADIO:
                station.power_up(b"led")
                _lit.pop(self._name, None)
                if level:
                    _lit[self._name] = self._lines[0]
            emit(self._lines[level])
        self._level = level

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(1 - self._level)

    def irq(self, handler=None, trigger=0, **options):
        pass

    def __repr__(self):
        return "Pin(%s)" % self._id


def bitstream(pin, encoding, timing, buf):
    """The bytes that leave a pin one bit after the other, as an event; what hangs there is not known here."""
    emit(b"pixel %s %s\n" % (pin._name.encode(), hexlify(buf)))


class RTC:
    """datetime() is (year, month, day, weekday, hours, minutes, seconds, subseconds), as on the port."""

    def datetime(self, date=None):
        if date is None:
            year, month, day, hours, minutes, seconds, weekday, _ = time.gmtime()
            subseconds = time.time_ns() // 1000 % 1000000 if IS_ESP32 else 0
            return (year, month, day, weekday, hours, minutes, seconds, subseconds)
        year, month, day, _, hours, minutes, seconds, subseconds = date
        board_s = time.mktime((year, month, day, hours, minutes, seconds, 0, 0))
        offset_ns = time.set_ns(board_s * 1000000000 + (subseconds * 1000 if IS_ESP32 else 0))
        emit(b"rtc %d\n" % offset_ns)


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **options):
        self._id = id
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, period=-1, freq=0, tick_hz=1000, callback=None, hard=False):
        period_ms = int(1000 / freq) if freq else period * 1000 // tick_hz
        feeds = mode == self.PERIODIC and callback is not None
        emit(b"timer %d/%d %d\n" % (self._id, id(self), max(period_ms, 1) if feeds else 0))

    def deinit(self):
        emit(b"timer %d/%d 0\n" % (self._id, id(self)))
