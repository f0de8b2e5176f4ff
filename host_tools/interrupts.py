"""Ctrl-C and SIGTERM, for commands that hold processes, ports and secret files.

While a command takes or gives back such a thing an interrupt waits; where it only waits for
the world, an interrupt ends it. So none arrives between a thing made and the note of it, and a
second Ctrl-C cannot cut the clean-up short.

Raising from a signal's handler is not enough: where the interpreter runs a callback at that
moment (a weak reference's, while it imports), the exception is dropped. So what arrived is kept,
and asked for again at each border.
"""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_NAP_S = 1.0
_early: list[int] = []


class Interrupts:
    """A context manager for the main thread. Inside, interrupts are held back until `allowed`.

    One that has come raises KeyboardInterrupt: at once within `allowed`, else where the next
    such part begins, or at the end, there also in place of another error: that one may well be
    what the interrupt did to a child. `caught` is the signal's number, 0 before.
    """

    def __init__(self) -> None:
        self.caught = 0
        self._open = False
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        self._before = [signal.signal(number, self._arrived) for number in _SIGNALS]
        self.caught = _early[0] if _early else 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in zip(_SIGNALS, self._before, strict=True):
            signal.signal(number, handler)
        if not isinstance(error, KeyboardInterrupt):
            self._check()

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Where the time goes: an interrupt ends what is inside."""
        self._check()
        self._open = True
        try:
            yield
        finally:
            self._open = False
        self._check()

    def wait(self) -> int:
        """Until an interrupt comes; gives the signal's number, and counts it as dealt with."""
        try:
            with self.allowed():
                while not self.caught:
                    time.sleep(_NAP_S)
        except KeyboardInterrupt:
            pass  # what was waited for
        caught, self.caught = self.caught, 0
        return caught

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        self.caught = self.caught or number
        if self._open:
            raise KeyboardInterrupt

    def _check(self) -> None:
        if self.caught:
            raise KeyboardInterrupt


def for_command() -> None:
    """For a process that is one command: SIGTERM raises KeyboardInterrupt, as SIGINT does.

    Also where a shell had SIGINT ignored. An interrupt that is dropped is not shown, but
    raised by the next Interrupts.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    sys.unraisablehook = _quiet


def ignore() -> None:
    """For the last moment of a process, when all is given back."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _early.append(number)
    raise KeyboardInterrupt


def _quiet(dropped: Any) -> None:
    if not isinstance(dropped.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(dropped)
