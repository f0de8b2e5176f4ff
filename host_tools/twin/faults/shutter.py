"""Listeners that refuse: their sockets are closed, and opened again on the same port."""

import asyncio
from collections.abc import Callable, Mapping

from host_tools.errors import UsageError
from host_tools.twin.door import Door
from host_tools.twin.faults.book import Decision, FaultBook
from host_tools.twin.faults.holding import hold, run_on
from host_tools.twin.listening import Listener


class Shutter:
    """Plays the book's faults at `listener` on `doors`. `reopened` is called when one serves again."""

    def __init__(self, book: FaultBook, doors: Mapping[str, Door], reopened: Callable[[], None]) -> None:
        self._book = book
        self._doors = doors
        self._reopened = reopened
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False
        book.play_listeners(self._play)

    def stop(self) -> None:
        """Open nothing any more."""
        self._stopped = True
        self._book.play_nothing(self._play)
        for task in list(self._tasks):
            task.cancel()

    def _play(self, decision: Decision) -> None:
        run_on(self._loop, lambda: self._shut(decision))

    def _shut(self, decision: Decision) -> None:
        wanted = decision.fault.listener
        doors = [door for name, door in self._doors.items() if wanted in ("", name) and door.is_open]
        if not doors:
            raise UsageError("is not there, or shut already", where=f"listener {wanted}".strip())
        for door in doors:
            door.shut()
        hold(decision, decision.fault.hold_s, [lambda: self._reopen(doors)])

    def _reopen(self, doors: list[Door]) -> None:
        for door in () if self._stopped else doors:
            # The port takes connections again from here on; they are served once the task has run.
            task = self._loop.create_task(self._serve(door, door.rebind()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, door: Door, listener: Listener) -> None:
        await door.open(listener)
        self._reopened()
