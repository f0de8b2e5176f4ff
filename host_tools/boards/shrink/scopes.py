"""Which names a function binds, read from its tree."""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Block = Definition | ast.If | ast.For | ast.While
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def parameters(function: Function) -> list[ast.arg]:
    """All of them, in the order of the call."""
    given = function.args
    stars = [star for star in (given.vararg, given.kwarg) if star]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *stars]


def body(function: Function) -> list[ast.stmt]:
    """Its statements; a lambda's one expression as one."""
    return [ast.Expr(function.body)] if isinstance(function, ast.Lambda) else function.body


def bound(function: Function) -> set[str]:
    """Parameters and locals; what nested functions bind is theirs."""
    names = {parameter.arg for parameter in parameters(function)}
    for statement in body(function):
        names.update(_stores(statement))
    return names


def _stores(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
            return
        case ast.Lambda():
            return
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.ExceptHandler(name=str(name)):
            yield name
        case ast.Import(names) | ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name for alias in names)
    for child in ast.iter_child_nodes(node):
        yield from _stores(child)


def assigned(statement: ast.stmt) -> list[str]:
    """The names that a statement of a module binds."""
    if isinstance(statement, DEFINITIONS):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        found = (node for target in statement.targets for node in ast.walk(target))
        return [node.id for node in found if isinstance(node, ast.Name)]
    return []


def imported(tree: ast.Module) -> frozenset[str]:
    """The names that its imports bind at the top: modules that are not ours, and what comes from them."""
    imports = [each for each in tree.body if isinstance(each, (ast.Import, ast.ImportFrom))]
    return frozenset(alias.asname or alias.name for each in imports for alias in each.names)


def filled(node: Block) -> Block:
    """`node` with a `pass` if nothing is left in it, at its own place in the sources."""
    if not node.body:
        nothing = ast.copy_location(ast.Pass(), node)
        nothing.origin = node.origin  # type: ignore[union-attr,attr-defined]
        nothing.place = getattr(node, "place", None)  # type: ignore[attr-defined]
        node.body = [nothing]
    return node
