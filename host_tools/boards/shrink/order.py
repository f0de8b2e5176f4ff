"""The names used most are numbered first.

A .mpy file has a table of its names, in the order in which the compiler meets them, and bytecode tells a
name by its place there: in one byte for the first 128, in two for the others. So the compiler is shown
the most used ones before all else, where nothing of it becomes code: behind a `break`.
"""

import ast
from collections import Counter
from collections.abc import Iterator

from host_tools.boards.shrink.exits import like
from host_tools.boards.shrink.scopes import FUNCTIONS, Function, bound, parameters
from host_tools.boards.shrink.trees import children, walk

# The first is the file's own name.
_SHORT = 127
# What shows them costs this.
_COST_BYTES = 4
# Deep trees are more than a parser likes.
_IN_ONE = 16
# MicroPython keeps a longer text outside the table of names.
INTERNED_CHARS = 10
# What a closure is given of the function around it, and a comprehension to go through.
_UNNAMED = "*"


def in_front(tree: ast.Module) -> ast.Module:
    """`tree` with its most used names before it; as it is where that gains nothing."""
    uses = _uses(tree)
    if len(uses) <= _SHORT + _COST_BYTES:
        return tree
    names = [name for name, _ in uses.most_common(_SHORT)]
    shown = [ast.Expr(_shown(names[start : start + _IN_ONE])) for start in range(0, _SHORT, _IN_ONE)]
    made = [ast.Break(), *shown]
    loop = ast.While(ast.Constant(1), [like(each, tree.body[0]) for each in made], [])
    tree.body.insert(0, like(loop, tree.body[0]))
    return ast.fix_missing_locations(tree)


def _shown(names: list[str]) -> ast.expr:
    """One expression that names them all, in their order; what it begins with is met after them."""
    shown: ast.expr = ast.Name("print", ast.Load())
    for name in names:
        shown = (
            ast.Attribute(shown, name, ast.Load())
            if name.isidentifier()
            else ast.Call(shown, [ast.Constant(name)], [])
        )
    return shown


def _uses(tree: ast.Module) -> Counter[str]:
    """How often bytecode will tell each name."""
    return Counter(_told(tree, frozenset()))


def _told(node: ast.AST, local: frozenset[str]) -> Iterator[str]:
    match node:
        case ast.Name(id=name) if name not in local:
            yield name
        case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
            yield name
        case ast.ClassDef(name=name):
            # Given, kept, and twice its own; what its body begins with.
            yield from (name, name, name, name, "__name__", "__module__", "__qualname__")
        case ast.Constant(str(text)) if len(text) <= INTERNED_CHARS:
            yield text
        case ast.Import(names) | ast.ImportFrom(names=names):
            yield from (alias.name for alias in names for _ in range(2))
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp() | ast.SetComp():
            yield _UNNAMED
    if isinstance(node, FUNCTIONS):
        yield from _of_function(node, local)
        local |= bound(node)
    for child in children(node):
        yield from _told(child, local)


def _of_function(node: Function, around: frozenset[str]) -> Iterator[str]:
    """Its own name, where it is made and in itself, and those of its parameters."""
    yield from (each.arg for each in parameters(node))
    used = {each.id for each in walk(node) if isinstance(each, ast.Name)}
    yield from (_UNNAMED for _ in (used & around) - bound(node))
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    yield from (name, name)
