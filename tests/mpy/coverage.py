"""Line coverage inside MicroPython, which has no trace hook: a copy that counts for itself.

Each statement of the copy is preceded by one that sets its line's byte in `tally`; line
numbers are those of the source.
"""

import ast
import re
from collections.abc import Sequence
from pathlib import Path

_BYTES = "_lines_reached"
_BLOCKS = ("body", "orelse", "finalbody")


def instrument(source: str, name: str) -> str:
    """The source of the counting copy of the module `name`."""
    tree = ast.parse(source)
    for node in list(ast.walk(tree)):
        for block in _BLOCKS:
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                setattr(node, block, _counted(statements))
        if isinstance(node, ast.ExceptHandler):
            node.body = _counts([node.lineno]) + node.body
    prologue = f"import tally\n{_BYTES} = tally.lines({name!r}, {len(source.splitlines())})"
    return f"{prologue}\n{ast.unparse(ast.fix_missing_locations(tree))}\n"


def _counted(statements: list[ast.stmt]) -> list[ast.stmt]:
    counted: list[ast.stmt] = []
    for statement in statements:
        # A count before a docstring would make it a plain string; `global` is no code.
        if not _is_silent(statement):
            counted += _counts(_lines(statement))
        counted.append(statement)
    return counted


def _counts(lines: list[int]) -> list[ast.stmt]:
    return ast.parse("; ".join(f"{_BYTES}[{line}] = 1" for line in lines)).body


def _is_silent(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, (ast.Global, ast.Nonlocal))


def _lines(statement: ast.stmt) -> list[int]:
    decorators = getattr(statement, "decorator_list", [])
    return [*(decorator.lineno for decorator in decorators), statement.lineno]


def instrumented_tree(firmware: Path, copy: Path, covered: Sequence[str]) -> None:
    """Copies the modules under `firmware` to `copy`; those in `covered` count their lines."""
    for path in sorted(firmware.rglob("*.py")):
        name = path.relative_to(firmware).as_posix()
        source = path.read_text("utf-8")
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(instrument(source, name) if name in covered else source, "utf-8")


def original_lines(trace: str, firmware: Path, copy: Path) -> str:
    """A traceback with the copy's paths and line numbers turned into the source's."""

    def original(match: "re.Match[str]") -> str:
        name, line = match[1], int(match[2])
        above = (copy / name).read_text("utf-8").splitlines()[:line]
        counts = re.findall(rf"{_BYTES}\[(\d+)\]", "\n".join(above))
        return f'File "{firmware / name}", line {counts[-1] if counts else line}'

    return re.sub(rf'File "{re.escape(str(copy))}/([^"]+)", line (\d+)', original, trace)
