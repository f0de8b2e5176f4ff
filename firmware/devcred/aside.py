"""Feeding the watchdog beside a call that blocks, by a thread: for ports where a timer's callback
would wait for that very call.
"""

import _thread
import time


def feed_aside(feed, steps, step_ms):
    """Call `feed` every `step_ms`, `steps` times at most; returns what ends it."""
    wanted = [True]

    def run():
        for _ in range(steps):
            if not wanted:
                return
            feed()
            time.sleep_ms(step_ms)

    try:
        _thread.start_new_thread(run, ())
    except OSError:
        pass  # no memory for it: what the watchdog has left must do
    return wanted.clear
