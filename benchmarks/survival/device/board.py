"""What boards have and this VM lacks, so that nobody fails here for want of it: imported first.

`machine.RTC`, reading only; `select.select`, on top of poll, for reading only.
"""

import select
import sys
import time


class RTC:
    """The clock, as (year, month, day, weekday, hours, minutes, seconds, subseconds)."""

    def datetime(self):
        year, month, day, hour, minute, second, weekday = time.gmtime()[:7]
        return year, month, day, weekday, hour, minute, second, 0


class _Machine:
    RTC = RTC


class _Select:
    poll, POLLIN, POLLOUT = select.poll, select.POLLIN, select.POLLOUT
    POLLERR, POLLHUP = select.POLLERR, select.POLLHUP

    @staticmethod
    def select(reading, _writing, _errors, timeout_s=None):
        poller = select.poll()
        for each in reading:
            poller.register(each, select.POLLIN)
        found = poller.poll(-1 if timeout_s is None else int(timeout_s * 1000))
        return [each[0] for each in found], [], []


sys.modules["machine"] = _Machine
sys.modules["select"] = _Select
