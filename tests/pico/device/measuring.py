"""A Pico W's main.py that tells what of the heap is free, after a collection, while the agent works.

It asks before and after the import and at each wait for the network: what the arithmetic of a handshake takes
only while it runs is not seen. The collections cost the agent time.
"""

import gc
import select
import sys


def tell(when):
    gc.collect()
    print("heap", when, gc.mem_free())


class Poll:
    def __init__(self):
        self._poll = select.poll()

    def __getattr__(self, name):
        return getattr(self._poll, name)

    def ipoll(self, *wait):
        tell("waits")
        return self._poll.ipoll(*wait)


class Select:
    poll = Poll

    def __getattr__(self, name):
        return getattr(select, name)


sys.modules["select"] = Select()
tell("start")

from devcred import agent  # noqa: E402

tell("imported")
agent.main()
