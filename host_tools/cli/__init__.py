"""The command `devcred`: parses, calls, shows; what it does is done elsewhere."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """The console's entry point."""
    try:
        # Imported here, so that a Ctrl-C during the imports is quiet too.
        from host_tools import interrupts
        from host_tools.cli.run import run

        interrupts.for_command()
        code = run(sys.argv[1:])
        interrupts.ignore()
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
