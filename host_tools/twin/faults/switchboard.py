"""Where the faults of a book get their hold on a running twin. With none set, nothing of it is in the way."""

import ssl
from collections.abc import Callable
from typing import Protocol

from host_tools.twin.broker.broker import Broker
from host_tools.twin.broker.hooks import Hook
from host_tools.twin.door import Door
from host_tools.twin.faults.book import FaultBook
from host_tools.twin.faults.gate import Gate
from host_tools.twin.faults.packets import PLACES, PacketFaults
from host_tools.twin.faults.shutter import Shutter
from host_tools.twin.listening import Listener


class Switched(Protocol):
    """What asks the book only while it is on."""

    on: bool


class Switchboard:
    """Made and used on the twin's loop; `stop` takes everything off again. `wrong` as for `Gate`.

    `hook` is the broker's while no fault is set.
    """

    def __init__(
        self,
        book: FaultBook,
        broker: Broker,
        wrong: Callable[[str], ssl.SSLContext],
        hook: "Hook | None" = None,
    ) -> None:
        self._hook = hook
        self._book = book
        self._broker = broker
        self._wrong = wrong
        self._packets = PacketFaults(book)
        self._doors: dict[str, Door] = {}
        self._gates: dict[str, Gate] = {}
        self._listeners: dict[str, Listener] = {}
        self._api: Switched | None = None
        self._shutter = Shutter(book, self._doors, self._set)
        book.watch(self._set)

    def stop(self) -> None:
        """Let go of everything, and cut what faults hold up."""
        self._book.unwatch(self._set)
        self._shutter.stop()
        self._broker.hook = None
        self._packets.stop()
        for gate in self._gates.values():
            gate.stop()

    def door(self, name: str, door: Door) -> None:
        """A listener of the broker."""
        self._doors[name] = door
        self._gates[name] = Gate(self._book, name, door, self._wrong)
        self._set()

    def api(self, listener: Listener, faults: Switched) -> None:
        """The control plane."""
        self._listeners["api"] = listener
        self._gates["api"] = Gate(self._book, "api", None, self._wrong)
        self._api = faults
        self._set()

    def _set(self) -> None:
        self._broker.hook = self._packets if self._book.has(*PLACES) else self._hook
        guarded = self._book.has("accept", "hello")
        for name, gate in self._gates.items():
            if name in self._doors:
                self._doors[name].guard(gate if guarded else None)
            else:
                self._listeners[name].gate = gate if guarded else None
        if self._api is not None:
            self._api.on = self._book.has("api")
