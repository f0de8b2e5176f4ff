"""main.py of a measured board: before each line that the agent prints it says what the heap holds.

Of `print` it gets its own, in the module's globals, where a name is looked up first.
"""

import gc

gc.collect()
before = gc.mem_alloc()

from devcred import agent  # noqa: E402

gc.collect()
print("devcred 0 heap at=import bytes=%d" % (gc.mem_alloc() - before))


def told(*words):
    peak = gc.mem_alloc()
    gc.collect()
    print(
        "devcred 0 heap at=%s bytes=%d with_garbage=%d" % (words[2], gc.mem_alloc() - before, peak - before)
    )
    print(*words)


agent.print = told
agent.main()
