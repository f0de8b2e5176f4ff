"""One TCP link through a virtual board's relay: two sockets, and what is on its way between them."""

import contextlib
import selectors
import socket
import struct
from collections.abc import Callable

Address = tuple[str, int]

_CHUNK_BYTES = 65536
_LINGER_NONE = struct.pack("ii", 1, 0)


def reset(end: socket.socket) -> None:
    """Closes it with a reset (RST), whatever is still to be sent."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
    end.close()


class _End:
    """One side. out: what is to be sent to it; finished: it has sent its last; shut: so have we."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = end
        self.out = bytearray()
        self.finished = False
        self.shut = False


class Link:
    """Passes on bytes, half-closes and resets. Starts frozen; only the selector's thread may touch it."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        target: Address,
        near: socket.socket,
        far: socket.socket,
        ended: Callable[["Link"], None],
    ) -> None:
        self.target = target
        self._selector = selector
        self._ends = (_End(near), _End(far))
        self._ended = ended
        self._frozen = True

    def freeze(self, frozen: bool) -> None:
        """While frozen nothing is read, sent or noticed."""
        self._frozen = frozen
        self._watch()

    def close(self) -> None:
        """Both sides; what was not passed on is lost."""
        self._frozen = True
        self._watch()
        for end in self._ends:
            end.socket.close()
        self._ended(self)

    def _watch(self) -> None:
        for end, other in (self._ends, self._ends[::-1]):
            mask = 0
            if not self._frozen:
                mask |= selectors.EVENT_READ if not end.finished and len(other.out) < _CHUNK_BYTES else 0
                mask |= selectors.EVENT_WRITE if end.out else 0
            self._register(end, other, mask)

    def _register(self, end: _End, other: _End, mask: int) -> None:
        known = self._selector.get_map().get(end.socket)
        if known is not None and known.events != mask:
            self._selector.unregister(end.socket)
            known = None
        if known is None and mask:
            self._selector.register(end.socket, mask, lambda events: self._turn(end, other, events))

    def _turn(self, end: _End, other: _End, events: int) -> None:
        try:
            if events & selectors.EVENT_READ:
                self._read(end, other)
            _send(end, other)
            _send(other, end)
        except OSError:
            self._frozen = True
            self._watch()
            for each in self._ends:
                reset(each.socket)
            self._ended(self)
            return
        if end.shut and other.shut:
            self.close()
        else:
            self._watch()

    def _read(self, end: _End, other: _End) -> None:
        with contextlib.suppress(BlockingIOError):
            data = end.socket.recv(_CHUNK_BYTES)
            other.out += data
            end.finished = not data


def _send(end: _End, other: _End) -> None:
    """What `other` has read; then its end, if it has ended. OSError if this side takes nothing any more."""
    with contextlib.suppress(BlockingIOError):
        while end.out:
            del end.out[: end.socket.send(end.out)]
    if other.finished and not end.out and not end.shut:
        end.shut = True
        end.socket.shutdown(socket.SHUT_WR)
