"""main.py of a measured board: before each line that the agent prints it says what the heap holds.

Of `print` it gets its own, in the module's globals, where a name is looked up first. Some seconds after the
login it says so once more.
"""

import _thread
import gc
import time

# Until somebody listens: what is told before that is lost.
time.sleep(1)
gc.collect()
before = gc.mem_alloc()

from devcred import agent  # noqa: E402

STEADY_S = 3


def say(at):
    peak = gc.mem_alloc()
    gc.collect()
    print("devcred 0 heap at=%s bytes=%d with_garbage=%d" % (at, gc.mem_alloc() - before, peak - before))


def later():
    time.sleep(STEADY_S)
    say("steady")


def told(*words):
    say(words[2])
    print(*words)
    if words[2] == "connack":
        _thread.start_new_thread(later, ())


say("import")
agent.print = told
agent.main()
