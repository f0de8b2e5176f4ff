"""The board: the only importer of `machine`, `network`, `esp32` and `rp2`."""

import binascii
import gc
import os
import sys
import time

import machine
import network
from micropython import const

from devcred import causes, clock, features
from devcred.errors import LinkError

_JOIN_STEP_MS = const(50)
# Lost frames and a leave's late echo count as failures too.
_RECONNECTS = const(2)
# CYW43: no power saving, in which it misses packets and in the end all of them.
_PM_NONE = const(0xA11140)
# The status of a radio that is in a network without an address, and on the ESP32 of one that tries.
_HALFWAY = 1001 if sys.platform == "esp32" else 2
_GUARD_STEP_MS = const(500)
# A guarded call that takes longer than 20 s is a hang, and the watchdog may have it.
_GUARD_STEPS_MAX = const(40)

_RESET_CAUSES = (
    ("PWRON_RESET", "power-on"),
    ("HARD_RESET", "hard"),
    ("WDT_RESET", "watchdog"),
    ("DEEPSLEEP_RESET", "deep-sleep"),
    ("SOFT_RESET", "soft"),
)


class Board:
    """What the agent needs of the hardware; nothing is touched before it is asked for."""

    def __init__(self, config):
        self._watchdog_ms = config["watchdog_ms"]
        self._watchdog = None
        self._timer = None
        self._station = None
        self._config = config
        self._panel = None
        if features.STATUS and (config["led_kind"] != "none" or config["button_pin"] is not None):
            from devcred.panel import Panel

            self._panel = Panel(config, machine.Pin, _rare, self._wipe)

    def unique_id(self):
        """The chip's own number, in hex."""
        return binascii.hexlify(machine.unique_id()).decode()

    def reset_cause(self):
        """Why the board last started, in a word; in a build without texts the port's own number."""
        number = machine.reset_cause()
        if features.TEXTS:
            for name, word in _RESET_CAUSES:
                # Ports have not all of the names, and rp2 gives two of them one number.
                if getattr(machine, name, None) == number:
                    return word
        return str(number)

    def reset(self):
        """Start over, as the reset button does."""
        machine.reset()

    def free_bytes(self):
        """Free heap after a collection."""
        gc.collect()
        return gc.mem_free()

    def show(self, shown):
        """Have the LED, where there is one, show a state of `status` or a cause; `feed` keeps it going."""
        if features.STATUS and self._panel is not None:
            self._panel.show(shown)

    def start_watchdog(self):
        """From here on the board resets unless `feed` is called in time; there is no way back."""
        if self._watchdog_ms and self._watchdog is None:
            self._watchdog = machine.WDT(timeout=self._watchdog_ms)

    def feed(self):
        """Tell the watchdog that we live; look after LED and button."""
        if self._watchdog is not None:
            self._watchdog.feed()
        if features.STATUS and self._panel is not None:
            self._panel.look()

    def guard(self, call):
        """The result of `call()`, a call that blocks where nobody can feed.

        Fed every 500 ms for 20 s; a call that takes longer ends in the watchdog's reset.
        """
        if self._watchdog is None:
            return call()
        stop = self._feed_aside()
        try:
            return call()
        finally:
            stop()
            self.feed()

    def hold_watchdog(self):
        """Feed by timer from now on: somebody works at the console, the agent has stopped."""
        if self._watchdog is not None:
            self._feed_by_timer(-1)

    def join(self, networks):
        """Be on one of `networks`, (SSID, password) pairs tried in turn; returns its SSID.

        No scan, so hidden ones are found too. Raises LinkError NO_WIFI. Worst case
        `join_timeout_s` a network, the watchdog fed throughout.
        """
        station = self._radio()
        self.feed()  # switching a radio on takes its while
        if station.isconnected():
            return station.config("ssid")
        self.show("joining")
        told = []
        for ssid, password in networks:
            # A connect on top of a running one is an error on the ESP32.
            station.disconnect()
            station.connect(ssid, password or None)
            if self._joined(station):
                return ssid
            told.append(self.why_offline())
        raise LinkError(causes.NO_WIFI, causes.most_telling(told))

    def why_offline(self):
        """What the radio tells: a word of `causes`, or its port's own number."""
        status = self._station.status()
        if status == _HALFWAY and self.rssi() is not None:
            return causes.NO_ADDRESS
        return causes.from_wifi(status)

    def radio_off(self):
        """Switch the radio off; the next `join` switches it on again, afresh."""
        self._radio().active(False)

    def largest_bytes(self):
        """About the largest block that can still be allocated, found by trying."""
        gc.collect()
        low, high = 0, gc.mem_free()
        while high - low > 512:
            middle = (low + high) // 2
            try:
                bytearray(middle)
                low = middle
            except MemoryError:
                high = middle
        gc.collect()
        return low

    def online(self):
        """Whether the radio says that it is connected."""
        return self._station is not None and self._station.isconnected()

    def rssi(self):
        """Signal strength in dBm, or None where the port cannot tell."""
        try:
            return self._station.status("rssi")
        except (AttributeError, OSError, ValueError, TypeError):
            return None

    def now_s(self):
        """Seconds since 1970 by the board's clock."""
        return int(time.time()) + clock.epoch_s()

    def set_time(self, unix_s):
        """Set the board's clock."""
        machine.RTC().datetime(clock.fields(unix_s))

    def seed(self):
        """A number that differs from chip to chip and from boot to boot."""
        # Both: some chips' random numbers are much alike just after power-on.
        return int.from_bytes(machine.unique_id()[-4:], "big") ^ int.from_bytes(os.urandom(4), "big")

    def describe(self):
        """The firmware's own name for this board."""
        return getattr(sys.implementation, "_machine", sys.platform)

    def _radio(self):
        if self._station is None:
            if self._config["country"]:
                network.country(self._config["country"])
            self._station = network.WLAN(network.STA_IF)
        if not self._station.active():
            self._station.active(True)
            if sys.platform == "esp32":
                # Without a limit it would try for ever and never say why it fails.
                self._station.config(reconnects=_RECONNECTS)
            elif not self._config["radio_power_save"]:
                self._station.config(pm=_PM_NONE)
        return self._station

    def _joined(self, station):
        started_ms = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), started_ms) < self._config["join_timeout_s"] * 1000:
            self.feed()
            if station.isconnected():
                return True
            status = station.status()
            if causes.from_wifi(status) != status:
                break
            time.sleep_ms(_JOIN_STEP_MS)
        return False

    def _feed_aside(self):
        if sys.platform == "esp32":
            from devcred.aside import feed_aside

            return feed_aside(self._watchdog.feed, _GUARD_STEPS_MAX, _GUARD_STEP_MS)
        self._feed_by_timer(_GUARD_STEPS_MAX)
        return self._timer.deinit

    def _wipe(self):
        from devcred.wipe import wipe

        wipe(self)

    def _feed_by_timer(self, steps):
        left = [steps]

        def tick(_timer):
            if left[0]:
                left[0] -= 1
                self._watchdog.feed()

        if self._timer is None:
            # -1, a virtual timer, is what rp2 has; the ESP32's are numbered.
            self._timer = machine.Timer(0 if sys.platform == "esp32" else -1)
        self._timer.init(period=_GUARD_STEP_MS, mode=machine.Timer.PERIODIC, callback=tick)


def _rare(name):
    if name == "BOOTSEL":
        import rp2  # type: ignore[import-not-found, unused-ignore]  # on its port alone

        return rp2.bootsel_button
    from neopixel import NeoPixel

    return NeoPixel
