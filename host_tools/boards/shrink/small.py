"""A function that is one short statement goes to each of its calls, where that takes less than to call it."""

import ast
import copy
from collections import Counter
from collections.abc import Collection

from host_tools.boards.shrink.callees import Callee, arguments, callees, key_of
from host_tools.boards.shrink.scopes import MUTABLE, filled, imported
from host_tools.boards.shrink.steps import Kind, is_path, is_simple, steps

# Of a definition: its head, its making and its end; the table has its name.
_DEFINITION_BYTES = 18


def inline_small(tree: ast.Module, entry: str, known: Collection[str]) -> ast.Module:
    """`tree` without them. `known`: names that others may call, `entry` among them."""
    while _pass(tree, {entry, *known}):
        pass
    return ast.fix_missing_locations(tree)


def _pass(tree: ast.Module, known: set[str]) -> bool:
    """Whether one was found."""
    calls: dict[str, list[ast.Call]] = {}
    statements = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            calls.setdefault(key_of(node), []).append(node)
        elif isinstance(node, ast.Expr):
            statements[id(node.value)] = node
    modules = imported(tree)
    for callee in callees(tree, known, most=1000).values():
        new = {}
        for call in calls.get(callee.key, ()):
            made = _told(callee, call, id(call) in statements, modules)
            if made is None:
                break
            new[id(call)] = made
        else:
            if new and _gains(callee, calls[callee.key], new):
                _Put(new).visit(tree)
                _drop(tree, callee.node)
                return True
    return False


def _told(callee: Callee, call: ast.Call, alone: bool, modules: frozenset[str]) -> ast.AST | None:
    """The call's expression or, where it stands `alone`, its statement; None if it means something else there."""
    given = arguments(callee, call)
    inside = (key_of(each) for each in ast.walk(callee.node) if isinstance(each, ast.Call))
    if given is None or len(callee.node.body) != 1 or callee.key in inside:
        return None
    match callee.node.body[0]:
        case ast.Return(ast.expr() as value) if _keeps_order(value, given, modules):
            return _Substituted(given).visit(copy.deepcopy(value))
        case ast.Expr(value) if alone and _keeps_order(value, given, modules):
            return ast.Expr(_Substituted(given).visit(copy.deepcopy(value)))
        case ast.Assign([ast.Attribute() | ast.Name() as target], value) as statement if alone:
            harmless = all(is_simple(each) or _is_load(each) for each in given.values())
            if harmless and _once(statement, given) and is_path(target):
                return _Substituted(given).visit(copy.deepcopy(statement))
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
            if not all(_is_load(given[name]) for name in waiting[:place]):
                return False
            waiting.remove(part.id)
        elif kind is Kind.DOES and not (_is_load(part) and all(_is_load(given[name]) for name in waiting)):
            return False
    return not waiting


def _once(node: ast.AST, given: dict[str, ast.expr]) -> bool:
    """Whether each value that is more than a name is needed exactly once, and none is stored to."""
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    uses = Counter(each.id for each in names)
    stored = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    free = not any(isinstance(each, (ast.ListComp, ast.GeneratorExp, ast.DictComp)) for each in ast.walk(node))
    return free and not stored & given.keys() and all(uses[name] == 1 or is_simple(each) for name, each in given.items())


def _is_load(node: ast.AST) -> bool:
    return is_path(node)


def _gains(callee: Callee, calls: list[ast.Call], new: dict[int, ast.AST]) -> bool:
    before = sum(cost(call) for call in calls) + _DEFINITION_BYTES + cost(callee.node.body[0])
    return sum(cost(each) for each in new.values()) < before


def cost(node: ast.AST) -> int:
    """About how many bytes of bytecode it is."""
    inside = sum(cost(each) for each in ast.iter_child_nodes(node))
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


class _Substituted(ast.NodeTransformer):
    def __init__(self, given: dict[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return copy.deepcopy(self._given.get(node.id, node))


class _Put(ast.NodeTransformer):
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


def _drop(tree: ast.Module, function: ast.AST) -> None:
    for holder in (tree, *(each for each in tree.body if isinstance(each, ast.ClassDef))):
        holder.body = [each for each in holder.body if each is not function]
        if isinstance(holder, ast.ClassDef):
            filled(holder)
