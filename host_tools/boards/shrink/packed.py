"""Texts that are seldom told lie compressed in one piece, and are read from there by their number.

Seldom is what is raised, and a table of texts that is only looked up. A board gets the texts whole, in 40 %
of the room, of its heap too. To read one takes a window of 2 KiB and half as much again for a moment.
"""

import ast
import zlib
from collections.abc import Iterator

from host_tools.boards.shrink.exits import like
from host_tools.boards.shrink.trees import Transformer, walk

# What reads them, by their number.
READ = "packed.text"
_WINDOW_BITS = 11
# A shorter one takes less where it is used.
_LEAST_CHARS = 14
# What reads them takes so much that fewer are not worth it.
_LEAST_ALL_CHARS = 500
_READER = f"""
def text(number):
    import deflate
    import io
    file = deflate.DeflateIO(io.BytesIO(PACKED), deflate.RAW, {_WINDOW_BITS})
    while number:
        file.readline()
        number -= 1
    return file.readline()[:-1].decode()
"""


def pack(tree: ast.Module) -> ast.Module:
    """`tree` with such texts packed, if they are many."""
    tables = dict(_tables(tree))
    seldom = [each for each in walk(tree) if isinstance(each, ast.Raise)]
    found = [each for one in (*tables.values(), *seldom) for each in walk(one) if _is_text(each)]
    texts = list(dict.fromkeys(str(each.value) for each in found if isinstance(each, ast.Constant)))
    if sum(map(len, texts)) < _LEAST_ALL_CHARS:
        return tree
    numbers = {text: number for number, text in enumerate(texts)}
    for each in seldom:
        _Raised(numbers).visit(each)
    for table in tables.values():
        table.values = [ast.Constant(numbers[str(ast.literal_eval(each))]) for each in table.values]
    _LookedUp(set(tables)).visit(tree)
    first = sum(isinstance(each, ast.Import | ast.ImportFrom) for each in tree.body)
    tree.body.insert(first, _reader(texts, tree.body[first]))
    return ast.fix_missing_locations(tree)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) >= _LEAST_CHARS


def _tables(tree: ast.Module) -> Iterator[tuple[str, ast.Dict]]:
    """Those of texts alone, of which nothing is wanted but what stands at a key."""
    nodes = list(walk(tree))
    looked_up = {id(each.value) for each in nodes if isinstance(each, ast.Subscript)}
    looked_up |= {id(each.comparators[0]) for each in nodes if isinstance(each, ast.Compare)}
    otherwise = {
        each.id
        for each in nodes
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and id(each) not in looked_up
    }
    for statement in tree.body:
        match statement:
            case ast.Assign([ast.Name(id=name)], ast.Dict(_, values) as table) if name not in otherwise:
                if values and all(map(_is_text, values)):
                    yield name, table


def _reader(texts: list[str], place: ast.stmt) -> ast.stmt:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -_WINDOW_BITS, 9)
    squeezed = squeezer.compress("".join(f"{text}\n" for text in texts).encode()) + squeezer.flush()
    (reader,) = ast.parse(_READER).body
    assert isinstance(reader, ast.FunctionDef)
    for node in walk(reader):
        if isinstance(node, ast.stmt):
            like(node, place)
        elif isinstance(node, ast.Call):
            node.args = [ast.Constant(squeezed) if _is_squeezed(each) else each for each in node.args]
    reader.name = READ
    return reader


def _is_squeezed(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "PACKED"


def _read(number: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(READ, ast.Load()), [number], [])


class _Raised(Transformer):
    def __init__(self, numbers: dict[str, int]) -> None:
        self._numbers = numbers

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return _read(ast.Constant(self._numbers[str(node.value)])) if _is_text(node) else node


class _LookedUp(Transformer):
    def __init__(self, tables: set[str]) -> None:
        self._tables = tables

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        return _read(node) if isinstance(node.value, ast.Name) and node.value.id in self._tables else node
