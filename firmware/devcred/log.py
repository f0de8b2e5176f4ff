"""The console: one line for each event, `devcred <ms since boot> <event> <text>`.

Nothing that could hold a secret is ever passed in.
"""

import time

_boot_ms = time.ticks_ms()


def since_boot_ms():
    """Milliseconds since the agent was loaded; wraps with the board's ticks after days."""
    return time.ticks_diff(time.ticks_ms(), _boot_ms)


def event(name, text=""):
    """Print one event. `name`: lower-case letters and hyphens; `text`: one line."""
    print("devcred", since_boot_ms(), name, text)
