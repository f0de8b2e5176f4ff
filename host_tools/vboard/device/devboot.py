"""What the interpreter runs. All of it is in firmware_start.py: the REPL is to start with empty globals."""

import io
import sys

sys.path[:] = [sys.path[0], ".frozen"]  # the caller's working directory has no say in what is imported

try:
    import firmware_start

    firmware_start.start(globals())
except Exception as exc:
    io.open(int(sys.argv[2]), "wb").write(b"failed %s\n" % repr(exc).encode())
