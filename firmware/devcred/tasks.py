"""The application's coroutine `task(agent)` and what it starts, run a turn at a time.

The agent keeps the main loop, so asyncio gets the time between two looks at the link:
every task that is due runs up to its next `await`. asyncio is loaded for an application that wants it alone.
"""

from devcred.log import event


class Tasks:
    """`step` is one turn; an exception in a task is reported and ends that task alone."""

    def __init__(self, task, agent, rest_ms):
        import asyncio

        self._asyncio = asyncio
        self._loop = asyncio.get_event_loop()
        self._loop.set_exception_handler(_failed)
        self._main = asyncio.create_task(_again(asyncio, task, agent, rest_ms))

    def step(self, _agent):
        """Run what is due."""
        self._loop.run_until_complete(_turn(self._asyncio))


async def _again(asyncio, task, agent, rest_ms):
    # Until it returns. A failure rests here, since resting in `step` would stop its neighbours too.
    while True:
        try:
            return await task(agent)
        except Exception as error:  # the application's own
            _tell(error)
        await asyncio.sleep_ms(rest_ms)


async def _turn(asyncio):
    await asyncio.sleep_ms(0)


def _failed(_loop, context):
    _tell(context["exception"])


def _tell(error):
    event("app", "task failed with %s: %s" % (type(error).__name__, error))
