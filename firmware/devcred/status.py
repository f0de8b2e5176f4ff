"""What a board shows of the agent's state by its LED, and what a hold of its button is.

No hardware and no clock here. `shown` is a state of those below or a cause of `causes`.
"""

from devcred import causes

STARTING = "starting"
JOINING = "joining"
CONNECTING = "connecting"
ONLINE = "online"
WIPING = "wiping"

# Whose colours an RGB LED has, in the order of the configuration's `led_colors`; the last two
# are those of the causes: what heals by itself, and what a person has to look at.
COLORS = (STARTING, JOINING, CONNECTING, ONLINE, WIPING, "retrying", "attention")

_RETRYING = 5
_ATTENTION = 6
# Half a period of an even blinking for each state; 0: steady light.
_HALF_MS = (0, 800, 400, 0, 100)

_BLINK_MS = 400
_PAUSE_MS = 1600

# Nobody saw the button for so long: it may have been let go in between.
_BLIND_MS = 1000


def color(shown):
    """The index of its colour in COLORS."""
    if shown in COLORS:
        return COLORS.index(shown)
    return _RETRYING if causes.retry_class(shown) == causes.FAST else _ATTENTION


def lit(shown, ticks_ms):
    """Whether the LED is on, `ticks_ms` into the endless pattern."""
    if shown in COLORS:
        half_ms = _HALF_MS[COLORS.index(shown)]
        return not half_ms or ticks_ms // half_ms % 2 == 0
    blinks_ms = causes.blinks(shown) * _BLINK_MS
    phase = ticks_ms % (blinks_ms + _PAUSE_MS)
    return phase < blinks_ms and phase % _BLINK_MS < _BLINK_MS // 2


def held_ms(before_ms, pressed, passed_ms):
    """For how long the button has been held, from what was so `passed_ms` ago; 0: it is not.

    Begin with -1: one that was down from the start, or is stuck, is not held until it was seen up.
    """
    if not pressed:
        return 0
    if before_ms <= 0:
        return before_ms or 1
    return before_ms + passed_ms if passed_ms < _BLIND_MS else 1
