"""The user's own `app.py` beside the agent: `setup(agent)` once, then `loop(agent)` again and
again, or the coroutine `task(agent)` for asyncio, or both.

An exception in it is reported and does not take the link down: what failed rests for a while
and is tried again. A call that takes too long is named.
"""

import time

from micropython import const

from devcred.log import event

_SLOW_MS = const(1000)
_REST_MS = const(60000)


class Application:
    """Runs `app`, a module or None, with `agent` as its way to the world."""

    def __init__(self, app, agent):
        self._agent = agent
        self._setup = getattr(app, "setup", None)
        self._loop = getattr(app, "loop", None)
        self._task = getattr(app, "task", None)
        self._tasks = None
        self._rest_since_ms = None

    def step(self):
        """One turn: what is left of `setup`, else `loop` and the tasks."""
        if self._rest_since_ms is not None:
            if time.ticks_diff(time.ticks_ms(), self._rest_since_ms) < _REST_MS:
                return
            self._rest_since_ms = None
        if self._setup is not None:
            if self._call("setup", self._setup):
                self._setup = None
            return
        if self._loop is not None:
            self._call("loop", self._loop)
        if self._task is not None:
            self._turn()

    def _turn(self):
        if self._tasks is None:
            from devcred.tasks import Tasks

            self._tasks = Tasks(self._task, self._agent, _REST_MS)
        self._call("task", self._tasks.step)

    def _call(self, name, function):
        started_ms = time.ticks_ms()
        try:
            function(self._agent)
        except Exception as error:  # the application's own
            event("app", "%s failed with %s: %s" % (name, type(error).__name__, error))
            self._rest_since_ms = time.ticks_ms()
            return False
        taken_ms = time.ticks_diff(time.ticks_ms(), started_ms)
        if taken_ms > _SLOW_MS:
            event("app", "%s took ms=%d" % (name, taken_ms))
        return True


def load():
    """The module `app`, or None if there is none; one that cannot be imported is reported."""
    try:
        import app
    except ImportError:
        return None
    except Exception as error:  # whatever its first lines do
        event("app", "cannot be imported: %s: %s" % (type(error).__name__, error))
        return None
    return app
