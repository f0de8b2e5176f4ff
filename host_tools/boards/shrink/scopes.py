"""Which names a function binds, read from its tree."""

import ast
from collections.abc import Iterator

from host_tools.boards.shrink.trees import children, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Block = Definition | ast.If | ast.For | ast.While
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

# In the name of a global that functions assign.
MUTABLE = ":"
# Before the number of a local that came from a function that was put into another.
_SLOT = "~"


def slot(number: int) -> str:
    """The name of such a local."""
    return f"{_SLOT}{number}"


def is_slot(name: str) -> bool:
    """Whether `slot` made it."""
    return name.startswith(_SLOT)


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
    said: set[str] = set()
    for statement in body(function):
        names.update(_stores(statement))
        if isinstance(statement, ast.Global):
            said.update(statement.names)
    return {name for name in names - said if MUTABLE not in name}


def globals_of(tree: ast.AST) -> set[str]:
    """The names with MUTABLE in them."""
    return {each.id for each in walk(tree) if isinstance(each, ast.Name) and MUTABLE in each.id}


def declare(tree: ast.Module) -> None:
    """Say in each function which of its names are globals."""
    for node in [each for each in walk(tree) if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]:
        stored = sorted({name for one in node.body for name in _stores(one) if MUTABLE in name})
        if stored:
            said = ast.copy_location(ast.Global(stored), node)
            said.origin, said.place = node.origin, node.place  # type: ignore[union-attr,attr-defined]
            node.body.insert(0, said)


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
    for child in children(node):
        yield from _stores(child)


def assigned(statement: ast.stmt) -> list[str]:
    """The names that a statement of a module binds."""
    if isinstance(statement, DEFINITIONS):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        found = (node for target in statement.targets for node in walk(target))
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
