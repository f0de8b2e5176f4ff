"""A port's raw REPL, and what can go wrong in it.

Every trouble becomes a BoardError that says what to do and shows nothing the board sent.
"""

import contextlib
import errno
import re
import struct
import termios
import time
from collections.abc import Iterator

from mpremote.transport import TransportError, TransportExecError

from host_tools.boards import port as ports
from host_tools.boards.serial_transport import WAIT_S, Transport, open_transport
from host_tools.errors import BoardError

PATIENCE_S = 12.0
_ENTER_STEP_S = 1.0
_ENTER_READ_S = 0.2

# The exception's name, and the number of an OSError, out of a traceback; never its message.
_RAISED = re.compile(
    r"(?:Traceback[^\n]*\n(?:  File [^\n]*\n)+)?(?P<name>\w+)"
    r"(?:: (?:\[Errno (?P<bracketed>\d+)\]|(?P<bare>\d+)\s*$))?"
)


class Wire:
    """A port that is open; `transport` is mpremote's, for use inside `raw`."""

    def __init__(self, port: str, patience_s: float = PATIENCE_S) -> None:
        self.port = port
        self.transport = open_transport(port)
        self._patience_s = patience_s
        # From anywhere, so that no answer to somebody before us is taken for ours.
        self._knocks = time.monotonic_ns()

    def close(self) -> None:
        """Leave the board at its prompt and free the port; a second call does nothing."""
        with contextlib.suppress(OSError, termios.error):
            if self.transport.in_raw_repl:
                self.transport.exit_raw_repl()
        with contextlib.suppress(OSError, termios.error):
            self.transport.close()
        # The transport stops half-way where a port has no modem lines.
        self.transport.serial.close()

    def reopen(self, end_s: float) -> None:
        """Open the port again when it is back; BoardError if it is not by `end_s` (monotonic)."""
        self.close()
        while True:
            time.sleep(0.1)
            try:
                self.transport = open_transport(self.port)
                return
            except BoardError:
                if time.monotonic() >= end_s:
                    raise

    @contextlib.contextmanager
    def raw(self, path: str = "") -> Iterator[Transport]:
        """The board's raw REPL, and everything that can go wrong in it as a BoardError.

        `path` is the file that is worked on, for the error's text.
        """
        try:
            if not self.transport.in_raw_repl:
                self._enter()
            self.transport.serial.timeout = WAIT_S
            yield self.transport
        except TransportExecError as error:
            raise self._stopped(error.error_output) from None
        except (TransportError, struct.error, SyntaxError, ValueError):
            self.transport.in_raw_repl = False
            raise ports.silent(self.port) from None
        except (OSError, termios.error) as error:
            # mpremote gives the file's name in place of the system's text.
            if path and getattr(error, "strerror", None) == path:
                raise _refused(error.args[0], path) from None
            self.transport.in_raw_repl = False
            raise ports.lost(self.port) from None

    def _enter(self) -> None:
        """Interrupt the board; again and again, since a board that starts up hears nothing."""
        end_s = time.monotonic() + self._patience_s
        step_s = min(_ENTER_STEP_S, self._patience_s)
        while not self.transport.in_raw_repl:
            self.transport.serial.timeout = _ENTER_READ_S
            try:
                self.transport.enter_raw_repl(soft_reset=False, timeout_overall=step_s)
                self._knock(step_s)
            except (TransportError, struct.error):
                self.transport.in_raw_repl = False
                self.transport.use_raw_paste = True
                if time.monotonic() > end_s:
                    raise

    def _knock(self, wait_s: float) -> None:
        """See that the next answer is to the next question: a late one to an earlier try may be under way."""
        self._knocks += 1
        if self.transport.run(f"print({self._knocks})", wait_s).strip() != str(self._knocks).encode():
            raise TransportError("out of step")

    def _stopped(self, traceback: str) -> BoardError:
        found = _RAISED.match(traceback.replace("\r\n", "\n"))
        reason = "an error"
        if found:
            reason = " ".join(filter(None, (found["name"], found["bracketed"], found["bare"])))
        return BoardError(f"the board stopped with {reason}", where=self.port, do="reset it and try again")


def _refused(number: int, path: str) -> BoardError:
    if number == errno.ENOSPC:
        return BoardError("the board's file system is full", where=path, do="remove files from it")
    if number == errno.ENOENT:
        return BoardError("no such file or folder on the board", where=path, do="check the path")
    name = errno.errorcode.get(number, str(number))
    return BoardError(f"the board's file system says {name}", where=path, do="reset it and try again")
