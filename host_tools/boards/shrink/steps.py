"""In which order an expression is evaluated, as far as code may be put before a part of it."""

import ast
from collections.abc import Iterator
from enum import Enum, auto

from host_tools.boards.shrink.scopes import MUTABLE
from host_tools.boards.shrink.trees import children


class Kind(Enum):
    """What evaluating a part does."""

    # It gives the same whenever it is evaluated: a literal, a local, a name of the module.
    STABLE = auto()
    # It depends on when, or does something.
    DOES = auto()


Step = tuple[ast.expr, Kind]


def steps(node: ast.expr, modules: frozenset[str]) -> Iterator[Step]:
    """Each part after what it needs; of what is evaluated only perhaps, nothing.

    `modules`: names whose attributes stay as they are.
    """
    match node:
        case ast.Name(id=name) if MUTABLE in name:
            yield node, Kind.DOES
        case ast.Constant() | ast.Name() | ast.Lambda():
            yield node, Kind.STABLE
        case ast.Attribute(ast.Name(id=name)) if name in modules:
            yield node, Kind.STABLE
        case ast.Call():
            yield from _called(node.func, modules)
            for part in (*node.args, *(each.value for each in node.keywords)):
                yield from steps(part, modules)
            yield node, Kind.DOES
        case ast.Compare(left, _, comparators):
            yield from steps(left, modules)
            yield from steps(comparators[0], modules)
            yield node, Kind.DOES
        case ast.BoolOp(values=[first, *_]) | ast.IfExp(test=first):
            yield from steps(first, modules)
            yield node, Kind.DOES
        case ast.UnaryOp(ast.Not(), operand):
            yield from steps(operand, modules)
            yield node, Kind.DOES
        case ast.BinOp() | ast.UnaryOp() | ast.Attribute() | ast.Subscript() | ast.Await():
            for each in children(node):
                if isinstance(each, ast.expr):
                    yield from steps(each, modules)
            yield node, Kind.DOES
        case ast.Tuple(elements) | ast.List(elements):
            for element in elements:
                yield from steps(element, modules)
            yield node, Kind.STABLE
        case ast.ListComp(_, [first, *_]) | ast.GeneratorExp(_, [first, *_]):
            yield from steps(first.iter, modules)
            yield node, Kind.DOES
        case _:
            yield node, Kind.DOES


def _called(func: ast.expr, modules: frozenset[str]) -> Iterator[Step]:
    """A method is looked up when it is called: what it is of counts, and it does not change."""
    yield from steps(func.value if isinstance(func, ast.Attribute) else func, modules)


def is_simple(node: ast.expr) -> bool:
    """Whether it may be written wherever its value is needed, and however often."""
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and MUTABLE not in node.id)


def is_path(node: ast.AST) -> bool:
    """Whether to evaluate it does nothing."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def head(statement: ast.stmt) -> str:
    """The field with the expression that a statement evaluates before all else; empty where there is none."""
    match statement:
        case ast.Expr() | ast.Assign() | ast.Return(value=ast.expr()):
            return "value"
        case ast.AugAssign(target=ast.Name()):
            return "value"
        case ast.If():
            return "test"
        case ast.Raise(exc=ast.expr()):
            return "exc"
        case ast.For():
            return "iter"
    return ""
