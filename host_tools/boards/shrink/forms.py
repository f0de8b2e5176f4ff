"""The same said in fewer bytes: negated tests, and what is raised very often."""

import ast
from collections import Counter

from host_tools.boards.shrink.exits import like
from host_tools.boards.shrink.packed import READ
from host_tools.boards.shrink.trees import Transformer, walk

# A function that raises pays from here on.
_OFTEN = 8
_FAIL = "forms.fail"
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.IsNot: ast.Is, ast.NotIn: ast.In}


def shorter(tree: ast.Module) -> ast.Module:
    """`tree` in such forms."""
    _Negated().visit(tree)
    uses = Counter(error for each in walk(tree) if (error := _raised(each)))
    names = {error: f"{_FAIL}.{error}" for error, count in sorted(uses.items()) if count >= _OFTEN}
    _Failing(names).visit(tree)
    for error, name in names.items():
        _add(tree, error, name)
    return ast.fix_missing_locations(tree)


class _Negated(Transformer):
    """`not a is b` is a jump the other way, `a is not b` an operation more."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        opposite = _OPPOSITES.get(type(node.ops[0]))
        if opposite is None or len(node.ops) > 1:
            return node
        return ast.copy_location(
            ast.UnaryOp(ast.Not(), ast.Compare(node.left, [opposite()], node.comparators)), node
        )


def _raised(node: ast.AST) -> str:
    """The class that is raised with a packed text; empty for anything else."""
    match node:
        case ast.Raise(ast.Call(ast.Name(id=error), [text])) if _parts(text):
            return error
    return ""


class _Failing(Transformer):
    """Calls what raises: after it nothing comes, as after `raise`."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        name = self._names.get(_raised(node))
        return _call(name, node) if name else node


def _parts(text: ast.expr) -> list[ast.expr]:
    """A packed text's number, and what is put into it."""
    match text:
        case ast.Call(ast.Name(id=name), [number]) if name == READ:
            return [number]
        case ast.BinOp(ast.Call(ast.Name(id=name), [number]), ast.Mod(), values) if name == READ:
            return [number, values]
    return []


def _call(name: str, statement: ast.stmt) -> ast.stmt:
    assert isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call)
    parts = _parts(statement.exc.args[0])
    return like(ast.Expr(ast.Call(ast.Name(name, ast.Load()), parts, [])), statement)


def _add(tree: ast.Module, error: str, name: str) -> None:
    reader = next(each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == READ)
    (made,) = ast.parse("def fail(number, values=()):\n    raise error(read(number) % values)").body
    assert isinstance(made, ast.FunctionDef)
    made.name = name
    for node in walk(made):
        if isinstance(node, ast.Name):
            node.id = {"error": error, "read": READ}.get(node.id, node.id)
        if isinstance(node, ast.stmt):
            like(node, reader)
    tree.body.insert(tree.body.index(reader) + 1, made)
