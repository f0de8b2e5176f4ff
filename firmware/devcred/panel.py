"""A board's front, its LED and its button, over pins that are passed in; loaded only where there is one."""

import binascii
import time

from micropython import const

from devcred import status
from devcred.log import event

# How often LED and button are looked after, at most.
_LOOK_MS = const(20)
# A press this long is no touch any more: the LED says that it is counted.
_PRESS_MS = const(500)


class Panel:
    """Shows what `show` was told last, and calls `on_hold()` once the button has been held for long."""

    def __init__(self, config, make_pin, rare, on_hold):
        """`make_pin`: machine.Pin. `rare(name)`: the class NeoPixel, or what reads the button BOOTSEL."""
        self._config = config
        self._make_pin = make_pin
        self._rare = rare
        self._on_hold = on_hold
        self._button = self._made(self._make_button, config["button_pin"] is not None)
        self._held_ms = -1
        self._light = None
        self._light_wanted = config["led_kind"] != "none"
        self._level = 0
        self._looked_ms = time.ticks_ms()
        # A pin with a name hangs on the Pico's radio chip, which should not boot for a first light.
        if not isinstance(config["led_pin"], str):
            self.show(status.STARTING)

    def show(self, shown):
        """From now on, show a state of `status` or a cause."""
        self._shown = shown
        self._shown_ms = time.ticks_ms()
        self._light = self._light or self._made(self._make_light, self._light_wanted)
        self._light_wanted = False
        self._light_up()

    def look(self):
        """What is due now; to be called many times a second."""
        now_ms = time.ticks_ms()
        passed_ms = time.ticks_diff(now_ms, self._looked_ms)
        if passed_ms < _LOOK_MS:
            return
        self._looked_ms = now_ms
        if self._button is not None:
            self._held_ms = status.held_ms(self._held_ms, self._button(), passed_ms)
            if self._held_ms >= self._config["button_hold_ms"]:
                self._button = None
                self._on_hold()
        self._light_up()

    def _light_up(self):
        if self._light is None:
            return
        shown = self._shown if self._held_ms < _PRESS_MS else status.WIPING
        on = status.lit(shown, time.ticks_diff(time.ticks_ms(), self._shown_ms))
        level = status.color(shown) + 1 if on else 0
        # Each change costs something: on a Pico W the radio's bus, on a NeoPixel the interrupts.
        if level != self._level:
            self._level = level
            self._light(level)

    def _made(self, make, wanted):
        try:
            return make() if wanted else None
        except (ValueError, TypeError, ImportError) as error:
            # A wrong pin is no reason to stay offline.
            event("panel", "no LED or button: %s" % error)
            return None

    def _make_light(self):
        """A function that sets the LED: dark with 0, else one more than the index of a colour."""
        config = self._config
        low = config["led_active_low"]
        pin = self._make_pin(config["led_pin"], self._make_pin.OUT, value=low)
        if config["led_kind"] == "plain":
            return lambda level: pin.value((level > 0) != low)
        wire = bytes(3) + binascii.unhexlify(config["led_colors"])
        if len(wire) != 3 + 3 * len(status.COLORS):
            raise ValueError("led_colors")
        pixel = self._rare("NeoPixel")(pin, 1)

        def light(level):
            pixel.buf[:] = wire[3 * level : 3 * level + 3]
            pixel.write()

        return light

    def _make_button(self):
        """A function that says whether it is down."""
        config = self._config
        if config["button_pin"] == "BOOTSEL":
            return self._rare("BOOTSEL")
        make, low = self._make_pin, config["button_active_low"]
        pin = make(config["button_pin"], make.IN, make.PULL_UP if low else make.PULL_DOWN)
        return lambda: pin.value() != low
