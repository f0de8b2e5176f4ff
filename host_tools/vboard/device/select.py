"""Stands in for the port's `select`: the real one, which is told of the socket below the stand-in for it.

An RP2 shows a connection that was refused or reset by POLLHUP alone, with nothing to read, and a connect that
is under way as writable. Left out: all of that below TLS.
"""

from socket import real

import uselect
from uselect import POLLERR, POLLHUP, POLLIN, POLLOUT
from vboard_link import IS_ESP32

_SHOWN_WITH_ERROR = -1 if IS_ESP32 else ~(POLLERR | POLLIN)


class poll:
    def __init__(self):
        self._poll = uselect.poll()
        self._given = {}  # streams that have another name than their own, to what is asked of them

    def register(self, stream, events=POLLIN | POLLOUT):
        if real(stream) is not stream:
            self._given[stream] = events
        return self._poll.register(real(stream), events)

    def modify(self, stream, events):
        if stream in self._given:
            self._given[stream] = events
        return self._poll.modify(real(stream), events)

    def unregister(self, stream):
        self._given.pop(stream, None)
        return self._poll.unregister(real(stream))

    def poll(self, *wait):
        early = self._early()
        return early + [self._shown(found) for found in self._poll.poll(*([0] if early else wait))]

    def ipoll(self, *wait):
        # As on a board this costs no allocation where all streams go by their own names.
        return iter(self.poll(*wait)) if self._given else self._poll.ipoll(*wait)

    def _early(self):
        """Whoever is shown as writable because a connect is under way."""
        asked = self._given.items()
        return [(stream, POLLOUT) for stream, events in asked if events & POLLOUT and stream.is_connecting()]

    def _shown(self, found):
        for stream in self._given:
            if stream.real is found[0]:
                flags = found[1] & _SHOWN_WITH_ERROR if found[1] & POLLERR else found[1]
                return (stream, flags) + found[2:]
        return found


def select(*lists):
    """(read, write, exceptional) lists and a timeout in seconds."""
    names = {id(real(stream)): stream for each in lists[:3] for stream in each}
    found = uselect.select(*[[real(stream) for stream in each] for each in lists[:3]], *lists[3:])
    return tuple([names[id(own)] for own in each] for each in found)
