"""In a build without texts, what an error says goes out as a number, which the host reads again.

The number is made of the text itself, so that no list has to be kept in step with the boards out there.
"""

import ast
import binascii
import re
from collections.abc import Iterable, Iterator

from host_tools.boards.shrink.trees import Transformer, walk

_TOKEN = re.compile(r"#[0-9a-f]{4}\b")


def shorten(tree: ast.Module) -> ast.Module:
    """`tree` with a number in the place of each text that is raised."""
    _Shortener().visit(tree)
    return ast.fix_missing_locations(tree)


def token(text: str) -> str:
    """What stands for `text`."""
    return f"#{binascii.crc_hqx(text.encode(), 0):04x}"


def tokens(sources: Iterable[str]) -> dict[str, str]:
    """By number, each text that is raised in `sources`; what is only known on the device as %s."""
    return {token(text): text for text in raised(sources)}


def raised(sources: Iterable[str]) -> set[str]:
    """Each text that is raised in `sources`."""
    calls = (each for source in sources for each in _raised(ast.parse(source)))
    return {text for call in calls if (text := _text(call))}


def read(line: str, known: dict[str, str]) -> str:
    """A console line with its numbers told as texts."""
    return _TOKEN.sub(lambda found: known.get(found[0], found[0]), line)


class _Shortener(Transformer):
    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        for call in _raised(node):
            text = _text(call)
            if text:
                call.args[0] = ast.copy_location(ast.Constant(token(text)), call.args[0])
        return node


def _raised(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that make an exception of one argument."""
    for node in walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and len(node.exc.args) == 1:
            yield node.exc


def _text(call: ast.Call) -> str:
    """The text it is given, with %s for what is put into it; empty if it is given something else."""
    match call.args[0]:
        case ast.Constant(str(text)) | ast.BinOp(ast.Constant(str(text)), ast.Mod()):
            return text
        case ast.BinOp(ast.Constant(str(text)), ast.Add()):
            return text + "%s"
        case ast.BinOp(_, ast.Add(), ast.Constant(str(text))):
            return "%s" + text
        case ast.IfExp(_, ast.Constant(str(text)), ast.Constant(str(other))):
            return f"{text}, or {other}"
    return ""
