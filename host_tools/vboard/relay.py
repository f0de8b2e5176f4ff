"""The wire of a virtual board: its TCP links, carried over loopback byte for byte, or not at all."""

import collections
import contextlib
import heapq
import itertools
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable

from host_tools.vboard.link import Address, Link, reset

_CONNECT_S = 0.2
_UNCLAIMED_S = 1.0
_BACKLOG = 64


class Relay:
    """One thread and its sockets. Frozen, it neither reads nor accepts: silence, without an end or a reset.

    The board's connects are answered as the target would answer them: refused where it refuses, and in
    silence where it is silent. For that, open() reaches the target first, and keeps that connection for the
    board's; one that the board does not claim within a second is closed.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._asked: collections.deque[Callable[[], None]] = collections.deque()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_out, False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, self._woken)
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._doors: dict[Address, socket.socket] = {}
        self._waiting: dict[Address, socket.socket] = {}
        self._links: set[Link] = set()
        self._frozen = False
        self._silent: frozenset[Address] = frozenset()
        self._refusing = _bound()
        self._hole, self._filler = _hole()
        self._running = True
        self._thread = threading.Thread(target=self._run, name="vboard relay", daemon=True)
        self._thread.start()

    @property
    def hole_port(self) -> int:
        """A port where a connect finds silence."""
        return int(self._hole.getsockname()[1])

    def open(self, target: Address) -> int:
        """The port that leads to the target now; called from one thread only. Waits 0.2 s at most."""
        try:
            ahead = socket.create_connection(target, _CONNECT_S)
        except TimeoutError:
            return self.hole_port
        except OSError:
            return int(self._refusing.getsockname()[1])
        door = self._doors.get(target)
        if door is None:
            door = self._doors[target] = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
            door.setblocking(False)
        self._do(lambda: self._keep(target, door, ahead))
        return int(door.getsockname()[1])

    def freeze(self, frozen: bool, silent: frozenset[Address] = frozenset()) -> None:
        """frozen: every link. silent: those to these targets."""
        self._do(lambda: self._set_frozen(frozen, silent))

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Has call() called in the relay's thread; forgotten when the relay is closed."""
        at_s = time.monotonic() + delay_s
        self._do(lambda: heapq.heappush(self._timers, (at_s, next(self._order), call)))

    def close(self) -> None:
        """Ends thread and links; the peers see an end, not a reset. Not from the relay's own thread."""
        self._do(self._halt)
        self._thread.join()
        for link in list(self._links):
            link.close()
        for held in (
            *self._doors.values(),
            *self._waiting.values(),
            self._refusing,
            self._hole,
            self._filler,
        ):
            held.close()
        self._selector.close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _do(self, what: Callable[[], None]) -> None:
        self._asked.append(what)
        os.write(self._wake_in, b"w")

    def _halt(self) -> None:
        self._running = False

    def _run(self) -> None:
        while self._running:
            patience_s = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            for key, events in self._selector.select(patience_s):
                if self._selector.get_map().get(key.fd) is key:  # not undone by what came before it
                    key.data(events)
            while self._timers and self._timers[0][0] <= time.monotonic():
                heapq.heappop(self._timers)[2]()

    def _woken(self, _events: int) -> None:
        os.read(self._wake_out, 4096)
        while self._asked:
            self._asked.popleft()()

    def _set_frozen(self, frozen: bool, silent: frozenset[Address]) -> None:
        self._frozen, self._silent = frozen, silent
        for target, door in list(self._doors.items()):
            self._watch_door(target, door)
        for link in list(self._links):
            link.freeze(self._is_frozen(link.target))

    def _is_frozen(self, target: Address) -> bool:
        return self._frozen or target in self._silent

    def _watch_door(self, target: Address, door: socket.socket) -> None:
        known, wanted = door.fileno() in self._selector.get_map(), not self._is_frozen(target)
        if wanted and not known:
            self._selector.register(door, selectors.EVENT_READ, lambda _: self._accept(target, door))
        elif known and not wanted:
            self._accept(target, door)  # the board may have connected already, and then has a link
            self._selector.unregister(door)

    def _keep(self, target: Address, door: socket.socket, ahead: socket.socket) -> None:
        self._watch_door(target, door)
        self._forget(target)
        self._waiting[target] = ahead
        self.later(_UNCLAIMED_S, lambda: self._forget(target, ahead))

    def _forget(self, target: Address, only: socket.socket | None = None) -> None:
        if target in self._waiting and only in (None, self._waiting[target]):
            self._waiting.pop(target).close()

    def _accept(self, target: Address, door: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it has gone again
            near = door.accept()[0]
            try:
                far = self._waiting.pop(target, None) or socket.create_connection(target, _CONNECT_S)
            except OSError:
                reset(near)
                return
            link = Link(self._selector, target, near, far, self._links.discard)
            self._links.add(link)
            link.freeze(self._is_frozen(target))


def _bound() -> socket.socket:
    """Nobody listens there: a connect is refused."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


def _hole() -> tuple[socket.socket, socket.socket]:
    """A listener whose queue is full, so that the kernel drops what would connect; and what fills it."""
    hole = _bound()
    hole.listen(0)
    return hole, socket.create_connection(hole.getsockname())
