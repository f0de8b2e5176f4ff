"""What the commands share that run until they are told to stop."""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar

from host_tools.interrupts import Interrupts

_Server = TypeVar("_Server")


def until_stopped(server: AbstractContextManager[_Server], announce: Callable[[_Server], None]) -> None:
    """Runs `server` until SIGTERM, which is how a server is stopped, or Ctrl-C, which interrupts it.

    `announce` is called once with what `server` gives. Returns after SIGTERM, raises
    KeyboardInterrupt after Ctrl-C; the server is closed by then.
    """
    with Interrupts() as interrupts, ExitStack() as stack:
        announce(stack.enter_context(server))
        caught = interrupts.wait()
    if caught == signal.SIGINT:
        raise KeyboardInterrupt
