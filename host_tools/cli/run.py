"""One call of the command, and the only place where its failures become text and a number.

Exit codes: 0 done, 1 it could not be done, 2 usage or configuration, 130 interrupted.
"""

import os
import sys
import traceback
from collections.abc import Sequence

import click

from host_tools.cli.root import devcred
from host_tools.errors import ToolError

INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Runs `devcred` with `arguments` and gives the exit code; talks on stderr."""
    try:
        code = devcred.main(args=list(arguments), prog_name="devcred", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        return _say(_usage_line(error), error.exit_code)
    except click.Abort as abort:
        return _aborted(abort)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except ToolError as error:
        _traceback_if_asked(arguments)
        return _say(str(error), error.exit_code)
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:  # noqa: BLE001 - a defect of ours; the user gets one line all the same
        _traceback_if_asked(arguments)
        return _say(f"internal error ({type(error).__name__}); run it again with --debug and report it", 1)


def _say(line: str, code: int) -> int:
    click.echo(f"devcred: {' '.join(line.split())}", err=True)
    return code


def _usage_line(error: click.ClickException) -> str:
    line = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{line}; see `{context.command_path} --help`" if context else line


def _aborted(abort: click.Abort) -> int:
    """Click raises Abort for a Ctrl-C, and for an input that ends at a question."""
    if isinstance(abort.__context__, EOFError):
        return _say("no answer, nothing was changed; give --yes where nobody can answer", 1)
    return _say("interrupted", INTERRUPTED)


def _reader_gone() -> int:
    """Whoever read our stdout has closed it: no fault, and nobody to tell."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _traceback_if_asked(arguments: Sequence[str]) -> None:
    if "--debug" in arguments or os.environ.get("DEVCRED_DEBUG"):
        traceback.print_exc()
