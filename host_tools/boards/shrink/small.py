"""A function that is one short statement goes to each of its calls, where that takes less than to call it."""

import ast
import copy
from collections import Counter
from collections.abc import Collection
from typing import TypeVar, cast

from host_tools.boards.shrink.callees import Callee, arguments, callees, key_of
from host_tools.boards.shrink.scopes import MUTABLE, filled, imported
from host_tools.boards.shrink.steps import Kind, is_path, is_simple, steps
from host_tools.boards.shrink.trees import Transformer, children, walk

_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.DictComp)
# Of a definition: its head, its making and its end; the table has its name.
_DEFINITION_BYTES = 18


def inline_small(tree: ast.Module, entry: str, known: Collection[str]) -> ast.Module:
    """`tree` without them. `known`: names that others may call, `entry` among them."""
    while _pass(tree, {entry, *known}):
        pass
    return ast.fix_missing_locations(tree)


def _pass(tree: ast.Module, known: set[str]) -> bool:
    """Whether any was found."""
    calls: dict[str, list[ast.Call]] = {}
    statements = {}
    for node in walk(tree):
        if isinstance(node, ast.Call):
            calls.setdefault(key_of(node), []).append(node)
        elif isinstance(node, ast.Expr):
            statements[id(node.value)] = node
    modules = imported(tree)
    new: dict[int, ast.AST] = {}
    touched: set[int] = set()
    gone: list[ast.AST] = []
    for callee in callees(tree, known, most=1000).values():
        made = {}
        for call in calls.get(callee.key, ()):
            told = _told(callee, call, id(call) in statements, modules)
            if told is None:
                break
            made[id(call)] = told
        else:
            nodes = {id(part) for each in (callee.node, *calls[callee.key]) for part in walk(each)}
            # What lies in another that goes now has its turn in the next pass.
            if made and not nodes & touched and _gains(callee, calls[callee.key], made):
                new |= made
                touched |= nodes
                gone.append(callee.node)
    _Put(new).visit(tree)
    _drop(tree, gone)
    return bool(gone)


def _told(callee: Callee, call: ast.Call, alone: bool, modules: frozenset[str]) -> ast.AST | None:
    """Its expression or, where the call stands `alone`, its statement; None where it cannot be put."""
    given = arguments(callee, call)
    inside = (key_of(each) for each in walk(callee.node) if isinstance(each, ast.Call))
    if given is None or len(callee.node.body) != 1 or callee.key in inside:
        return None
    match callee.node.body[0]:
        case ast.Return(ast.expr() as value) if _keeps_order(value, given, modules):
            return _put_in(value, given)
        case ast.Pass() if alone and all(is_simple(each) or is_path(each) for each in given.values()):
            return ast.Pass()
        case ast.Expr(value) if alone and _keeps_order(value, given, modules):
            return ast.Expr(_put_in(value, given))
        case ast.Assign([ast.Attribute() | ast.Name() as target], value) as statement if alone:
            harmless = all(is_simple(each) or is_path(each) for each in given.values())
            if harmless and _once(statement, given) and is_path(target):
                return _put_in(statement, given)
    return None


def _keeps_order(value: ast.expr, given: dict[str, ast.expr], modules: frozenset[str]) -> bool:
    """Whether what is given may be evaluated where its parameter is named."""
    if not _once(value, given):
        return False
    waiting = [name for name, each in given.items() if not is_simple(each)]
    for part, kind in steps(value, modules):
        if not waiting:
            return True
        if isinstance(part, ast.Name) and part.id in waiting:
            # Reading may wait for reading.
            place = waiting.index(part.id)
            if not all(is_path(given[name]) for name in waiting[:place]):
                return False
            waiting.remove(part.id)
        elif kind is Kind.DOES and not (is_path(part) and all(is_path(given[name]) for name in waiting)):
            return False
    return not waiting


def _once(node: ast.AST, given: dict[str, ast.expr]) -> bool:
    """Whether each value that is more than a name is needed exactly once, and none is stored to."""
    names = [each for each in walk(node) if isinstance(each, ast.Name)]
    uses = Counter(each.id for each in names)
    stored = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    free = not any(isinstance(each, (ast.ListComp, ast.GeneratorExp, ast.DictComp)) for each in walk(node))
    return (
        free
        and not stored & given.keys()
        and all(uses[name] == 1 or is_simple(each) for name, each in given.items())
    )


def _gains(callee: Callee, calls: list[ast.Call], new: dict[int, ast.AST]) -> bool:
    before = sum(cost(call) for call in calls) + _DEFINITION_BYTES + cost(callee.node.body[0])
    return sum(cost(each) for each in new.values()) < before


def cost(node: ast.AST) -> int:
    """About how many bytes of bytecode it is."""
    inside = sum(cost(each) for each in children(node))
    match node:
        case ast.Name(id=name):
            return 2 if "." in name or MUTABLE in name else 1
        case ast.Constant(value):
            return 1 if value is None or (isinstance(value, int) and -16 <= value < 48) else 2
        case ast.Attribute() | ast.Call() | ast.Tuple() | ast.List() | ast.IfExp() | ast.BoolOp():
            return inside + 2
        case ast.expr():
            return inside + 1
    return inside


_Node = TypeVar("_Node", bound=ast.AST)


def _put_in(node: _Node, given: dict[str, ast.expr]) -> _Node:
    new = copy.deepcopy(node)
    made = _Substituted(given).visit(new)
    assert isinstance(made, ast.AST)
    return cast(_Node, made)


class _Substituted(Transformer):
    def __init__(self, given: dict[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return copy.deepcopy(self._given.get(node.id, node))


class _Put(Transformer):
    def __init__(self, new: dict[int, ast.AST]) -> None:
        self._new = new

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        made = self._new.get(id(node.value))
        if isinstance(made, ast.stmt):
            ast.copy_location(made, node)
            made.origin, made.place = node.origin, node.place  # type: ignore[attr-defined]
            return made
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        made = self._new.get(id(node))
        self.generic_visit(node)
        return ast.copy_location(made, node) if isinstance(made, ast.expr) else node


def _drop(tree: ast.Module, functions: list[ast.AST]) -> None:
    classes = [each for each in tree.body if isinstance(each, ast.ClassDef)]
    tree.body = [each for each in tree.body if each not in functions]
    for one in classes:
        one.body = [each for each in one.body if each not in functions]
        filled(one)
