"""A virtual board: the real MicroPython on a LittleFS image, behind a serial port, with a board's resets and
clock.

Real: the interpreter, with its heap capped at the board's; the file system on flash that obeys NOR rules; the
serial protocol; sockets and TLS. Stood in for, in device/: machine, network, DNS, the wall clock. Not there:
a second core, interrupts, USB, radio, flash and CPU timing; TLS checks certificates against this computer's
clock.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from host_tools.errors import MachineError, UsageError
from host_tools.vboard.air import AccessPoint
from host_tools.vboard.chip import Reset
from host_tools.vboard.events import Event
from host_tools.vboard.flash import open_image
from host_tools.vboard.network import Network
from host_tools.vboard.port import SerialPort
from host_tools.vboard.process import find_micropython
from host_tools.vboard.setup import chip_id, make_setup
from host_tools.vboard.sntp import SntpResponder
from host_tools.vboard.supervisor import Supervisor

if TYPE_CHECKING:
    from host_tools.boards.definition import Board

__all__ = ["AccessPoint", "Event", "Network", "VirtualBoard"]

_START_S = 20.0
_EVENTS_MAX = 20_000
"""Beyond that the older half is forgotten: a board that looks for its network blinks all night."""


class VirtualBoard:
    """One virtual board; a context manager that starts it and stops it.

    image: made, erased, if it is missing; formatted by the board as its firmware would. link: a symbolic link
    to the port. resolve: what the board finds under "name:port", as (address on loopback, port); nothing else
    resolves, but for UDP port 123 of any name, which is a time server of its own. network: what it finds in
    the air, and what can be done to that. on_event is called in the board's thread and must not call back
    into the board.
    """

    def __init__(
        self,
        image: Path,
        board: "Board",
        *,
        link: Path | None = None,
        unique_id: bytes | None = None,
        resolve: Mapping[str, tuple[str, int]] | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self.image = image
        self.board = board
        self.link = link
        self.port = ""
        self.unique_id = chip_id(board, image, unique_id)
        self.events: list[Event] = []
        self.network = Network(board.port, resolve or {})
        self._on_event = on_event
        self._changed = threading.Condition()
        self._stop_lock = threading.Lock()
        self._supervisor: Supervisor | None = None
        self._thread: threading.Thread | None = None
        self._close: list[Callable[[], None]] = []
        self._skipped_s = 0.0

    def plug_in(self) -> str:
        """Makes the port, and returns its pty's path; the board has no power until start().

        For a host that is to miss nothing: pyserial throws away, as it opens a port, what came before.
        """
        if self._supervisor is None:
            try:
                self._open()
            except BaseException:
                self.stop()
                raise
        return self.port

    def start(self) -> str:
        """Powers it on; returns the pty's path when boot.py is about to run. MachineError if it cannot."""
        if self._thread is not None:
            raise MachineError("is already running", where=f"virtual board {self.image}")
        try:
            self.plug_in()
            self._thread = threading.Thread(
                target=self._supervised, name=f"vboard {self.image.name}", daemon=True
            )
            self._thread.start()
            self._await_boot()
        except BaseException:
            self.stop()
            raise
        return self.port

    def describe(self) -> dict[str, str | int | None]:
        """What `devcred vboard` prints first. pid: this process, with whose end the board ends."""
        link = str(self.link) if self.link else None
        return {
            "port": self.port,
            "link": link,
            "board": self.board.id,
            "image": str(self.image),
            "pid": os.getpid(),
        }

    def stop(self) -> None:
        """Ends process, pty and link, in any state; a second call does nothing."""
        with self._stop_lock:
            if self._thread is not None and self._supervisor is not None:
                self._supervisor.ask_to_halt()
                self._thread.join()
            self._thread = self._supervisor = None
            while self._close:
                self._close.pop()()

    def power_cycle(self) -> None:
        """Power off and on; returns when boot.py is about to run again."""
        supervisor, asked_s = self._running(), time.monotonic()
        supervisor.ask(lambda: supervisor.start(Reset.POWER_ON))
        self._await_boot(asked_s)

    def drive(self, pin: int | str, level: int) -> None:
        """Puts a level on an input, as a wire would; it stays over resets until another one is put there."""
        self._running().ask_to_drive(str(pin), level)

    def press(self) -> None:
        """Presses the board's button; UsageError if it has none."""
        self.drive(*self._button(down=True))

    def release(self) -> None:
        """Lets the button go."""
        self.drive(*self._button(down=False))

    def _button(self, *, down: bool) -> tuple[int | str, int]:
        button = self.board.button
        if button is None:
            raise UsageError("has no button", where=self.board.id, do="name one in its board.json")
        # What the chip's own function says of BOOTSEL is 1 while it is pressed.
        is_low = button.active_low and button.pin != "BOOTSEL"
        return button.pin, int(down != is_low)

    def skip(self, seconds: float) -> None:
        """Let so much time pass at once, for the board's clock, its ticks and its time server.

        What runs on real time goes on: sleeps, the watchdog, the network. It comes into effect when
        the program next sleeps.
        """
        supervisor = self._running()
        self._skipped_s += seconds
        supervisor.ask_to_skip(int(seconds * 1000))

    def wait_for(self, kind: str, text: str = "", *, deadline_s: float = 10.0, after: int = 0) -> Event:
        """The first such event from events[after] on, its text beginning so; TimeoutError at the deadline."""
        until_s = time.monotonic() + deadline_s
        with self._changed:
            while True:
                for event in self.events[after:]:
                    if event.kind == kind and event.text.startswith(text):
                        return event
                if not self._changed.wait(max(0.0, until_s - time.monotonic())):
                    raise TimeoutError(f"virtual board: no event {kind} {text} within {deadline_s} s")

    def take_events(self) -> list[Event]:
        """The events so far, which are forgotten here."""
        with self._changed:
            taken, self.events = self.events, []
        return taken

    def _running(self) -> Supervisor:
        if self._supervisor is None or self._thread is None or not self._thread.is_alive():
            raise MachineError("is not running", where=f"virtual board {self.image}", do="start it first")
        return self._supervisor

    def _open(self) -> None:
        program = find_micropython()
        image_fd = open_image(self.image, self.board)
        self._close.append(lambda: os.close(image_fd))
        sntp = SntpResponder(lambda: time.time() + self._skipped_s)
        self._close.append(sntp.close)
        setup = make_setup(self.board, self.unique_id)
        port = SerialPort(self.link)
        self._close.append(port.close)
        self.port = port.name
        self._supervisor = Supervisor(program, setup, image_fd, port, sntp, self.network, self._note)
        self._close.append(self._supervisor.close)
        self.network.open(sntp.port, self._supervisor.ask_to_tell)
        self._close.append(self.network.close)

    def _supervised(self) -> None:
        assert self._supervisor is not None
        try:
            self._supervisor.run()
        finally:
            self._note(Event(time.monotonic(), "power-off"))

    def _note(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            if len(self.events) > _EVENTS_MAX:
                del self.events[: _EVENTS_MAX // 2]
            self._changed.notify_all()
        if self._on_event:
            self._on_event(event)

    def _await_boot(self, after_s: float = 0.0) -> None:
        with self._changed:
            self._changed.wait_for(lambda: _outcome(self.events, after_s) is not None, _START_S)
        outcome = _outcome(self.events, after_s)
        if outcome is None or outcome.kind != "boot":
            what = outcome.text or "has stopped" if outcome else f"did not start within {_START_S:.0f} s"
            raise MachineError(
                what, where=f"virtual board {self.image}", do="check what MICROPYTHON names, or unset it"
            )

    def __enter__(self) -> "VirtualBoard":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _outcome(events: list[Event], after_s: float) -> Event | None:
    ends = ("boot", "failed", "power-off")
    return next((event for event in events if event.at_s >= after_s and event.kind in ends), None)
