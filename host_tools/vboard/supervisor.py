"""The world around the chip: starts the interpreter anew, serves its console, clock and watchdog, ends it."""

import collections
import os
import selectors
import signal
import time
from collections.abc import Callable

from host_tools.errors import MachineError
from host_tools.vboard.chip import Chip, Reset, announcement
from host_tools.vboard.events import Event
from host_tools.vboard.life import Life
from host_tools.vboard.network import Network
from host_tools.vboard.port import SerialPort
from host_tools.vboard.setup import DeviceSetup
from host_tools.vboard.sntp import SntpResponder

_IDLE_S = 0.5
_EXIT_GRACE_S = 0.5
_TYPING_MAX_BYTES = 65536
_FAILED_STARTS_MAX = 3
# A Ctrl-C that finds the program just ended takes the interpreter with it; the nearest on a board is a soft
# reset.
_INTERRUPTED = -signal.SIGINT
_ENDED_BY_ITSELF = (0, _INTERRUPTED)


class Supervisor:
    """Lives in the thread that calls run(), until ask_to_halt(). Only the ask... are for other threads."""

    def __init__(
        self,
        program: str,
        setup: DeviceSetup,
        image_fd: int,
        port: SerialPort,
        sntp: SntpResponder,
        network: Network,
        tell: Callable[[Event], None],
    ) -> None:
        self._program = program
        self._setup = setup
        self._image_fd = image_fd
        self._port = port
        self._sntp = sntp
        self._network = network
        self._tell = tell
        self._chip = Chip(setup.board.port, setup.board.epoch)
        self._pins: dict[str, int] = {}
        self._failed_starts = 0
        self._asked: collections.deque[Callable[[], None]] = collections.deque()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_out, False)
        self._running = True
        self._life: Life | None = None

    def ask(self, what: Callable[[], None]) -> None:
        """Has what() called in the supervisor's thread, soon."""
        self._asked.append(what)
        os.write(self._wake_in, b"w")

    def ask_to_tell(self, line: str) -> None:
        """Has the stand-ins told this, soon."""
        self.ask(lambda: self._life.tell(line) if self._life else None)

    def ask_to_drive(self, pin: str, level: int) -> None:
        """Has this level put on a pin, until another one is, over all resets."""

        def drive() -> None:
            self._pins[pin] = level
            if self._life:
                self._life.tell(f"pin {pin} {level}")
            self._say("pin", f"{pin} {level}")

        self.ask(drive)

    def ask_to_skip(self, ms: int) -> None:
        """Lets so much time pass for the chip at once."""

        def skip() -> None:
            self._chip.clock.offset_ns += ms * 1_000_000
            if self._life is not None:
                self._life.tell(f"skip {ms}")

        self.ask(skip)

    def ask_to_halt(self) -> None:
        """Has run() return."""
        self.ask(self._halt)

    def _halt(self) -> None:
        self._running = False

    def run(self) -> None:
        try:
            self.start(Reset.POWER_ON)
            while self._running:
                self._turn()
        except MachineError as exc:
            self._say("failed", str(exc))
        finally:
            self._end_life()

    def close(self) -> None:
        """Once run() has returned."""
        os.close(self._wake_in)
        os.close(self._wake_out)

    def start(self, how: Reset) -> None:
        """Ends the present life, if there is one, and begins the next as after a reset of this kind."""
        raw = self._end_life() and how is Reset.SOFT
        self._chip.reset(how)
        self._say(
            "power-on" if how is Reset.POWER_ON else "reset", "" if how is Reset.POWER_ON else how.value
        )
        self._port.write(announcement(self._setup.board.port, how))
        self._network.board_starts()
        air = self._network.air()
        self._life = Life(
            self._program, self._setup, self._chip, self._image_fd, air=air, pins=self._pins, start_raw=raw
        )

    def _end_life(self) -> bool:
        """True if the REPL was the raw one."""
        if self._life is None:
            return False
        life, self._life = self._life, None
        said, _ = life.end()
        self._port.write(said)
        return life.screen.raw

    def _say(self, kind: str, text: str = "") -> None:
        self._tell(Event(time.monotonic(), kind, text))

    def _turn(self) -> None:
        """Waits for something to happen, and deals with all that has."""
        with selectors.DefaultSelector() as selector:
            self._watch(selector)
            ready = {key.data for key, _ in selector.select(self._patience_s())}
        life = self._life
        if "wake" in ready:
            self._do_what_was_asked()
        if "sntp" in ready:
            self._sntp.answer(*self._network.time_told())
        if life is not None and life is self._life:
            self._attend(life, ready)
        self._port.flush()

    def _watch(self, selector: selectors.BaseSelector) -> None:
        life = self._life
        selector.register(self._wake_out, selectors.EVENT_READ, "wake")
        selector.register(self._sntp, selectors.EVENT_READ, "sntp")
        host = selectors.EVENT_WRITE if self._port.has_backlog else 0
        if life is None:
            return
        if life.typing_bytes < _TYPING_MAX_BYTES:
            host |= selectors.EVENT_READ
        if host:
            selector.register(self._port, host, "host")
        console = selectors.EVENT_WRITE if life.has_typing else 0
        if not self._port.is_full:
            console |= selectors.EVENT_READ
        if console:
            selector.register(life.process.console, console, "console")
        selector.register(life.events, selectors.EVENT_READ, "events")

    def _patience_s(self) -> float:
        return max(0.0, min(_IDLE_S, self._chip.watchdog.deadline_s - time.monotonic()))

    def _do_what_was_asked(self) -> None:
        os.read(self._wake_out, 4096)
        while self._asked:
            self._asked.popleft()()

    def _attend(self, life: Life, ready: set[str]) -> None:
        """Events first: what the device has said counts before the watchdog does."""
        gone = False
        for kind, text in life.events.read() or ():
            self._hear(life, kind, text)
            if self._life is not life:
                return
        if "host" in ready:
            life.type(self._port.read())
        if "console" in ready:
            life.flush()
            shown = life.read()
            gone = shown is None
            self._port.write(shown or b"")
        if gone:
            self._after_exit(life)
        elif time.monotonic() >= self._chip.watchdog.deadline_s:
            self.start(Reset.WATCHDOG)

    def _hear(self, life: Life, kind: str, text: str) -> None:
        now_s = time.monotonic()
        if kind == "fed":
            self._chip.watchdog.feed(now_s)
            return
        if kind == "resolve":
            life.tell(self._network.resolve(text))
            return
        if kind == "failed":
            raise MachineError(text, where=self._program)
        if kind in ("reset", "soft"):
            self.start(Reset.HARD if kind == "reset" else Reset.SOFT)
            return
        if kind == "boot":
            self._failed_starts = 0
            life.start_listening()
        elif kind == "wdt":
            self._chip.watchdog.start(int(text), now_s)
        elif kind == "timer":
            timer_id, period_ms = text.split()
            self._chip.watchdog.timer(timer_id, int(period_ms), now_s)
        elif kind == "rtc":
            self._chip.clock.offset_ns = int(text)
            text = "set"
        elif kind in ("net", "radio"):
            self._network.heard(kind, text)
        self._say(kind, text)

    def _after_exit(self, life: Life) -> None:
        """The interpreter has closed its console by itself: Ctrl-D, sys.exit at the prompt, or it died."""
        life.process.wait(_EXIT_GRACE_S)
        for kind, text in life.events.read() or ():
            self._hear(life, kind, text)
            if self._life is not life:
                return
        code = life.process.exit_code
        if code not in _ENDED_BY_ITSELF:
            self._say("exit", str(code))
        if not life.started:
            self._failed_starts += 1
            if self._failed_starts >= _FAILED_STARTS_MAX:
                raise MachineError(
                    f"the interpreter ended before it had started: {life.last_line or code}",
                    where=self._program,
                )
        self.start(Reset.CRASH if code is not None and code < 0 and code != _INTERRUPTED else Reset.SOFT)
