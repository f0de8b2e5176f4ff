"""Locals of functions that were put into others: those that only hand on go, the others share their room.

Such a local is told by its name. It is used only behind its assignment, in the same run through the
statements that it came with; so where its last use is told from the text.
"""

import ast
import copy
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator

from host_tools.boards.shrink.scopes import (
    FUNCTIONS,
    Function,
    body,
    bound,
    imported,
    is_slot,
    parameters,
    slot,
)
from host_tools.boards.shrink.steps import Kind, head, is_simple, steps
from host_tools.boards.shrink.trees import Transformer, children, walk

_BLOCKS = ("body", "orelse", "finalbody")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_INNER = (*FUNCTIONS, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)


def hand_on(tree: ast.Module) -> ast.Module:
    """`tree` with the value of such a local in its place, if needed once and at once, or but a name."""
    modules = imported(tree)
    for function in _functions(tree):
        while _names(function, _replaced(function)) or _blocks(function, modules):
            pass
    return ast.fix_missing_locations(tree)


def share(tree: ast.Module) -> ast.Module:
    """`tree` with one name for those of a function's such locals that are never needed at the same time."""
    for function in _functions(tree):
        captured = _captured(function)
        until: list[float] = []
        new: dict[str, str] = {}
        for begin, end, name in sorted(_spans(function)):
            alone = name in captured
            number = next((each for each, last in enumerate(until) if last < begin and not alone), len(until))
            until[number : number + 1] = [math.inf if alone else end]
            new[name] = slot(number)
        _rename(function, new)
    return tree


def _functions(tree: ast.Module) -> list[Function]:
    return [each for each in walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What is in it, without what is in functions and comprehensions in it."""
    for child in children(node):
        yield child
        if not isinstance(child, _INNER):
            yield from _own(child)


def _captured(function: Function) -> set[str]:
    inner = [each for each in walk(function) if isinstance(each, _INNER) and each is not function]
    return {each.id for one in inner for each in walk(one) if isinstance(each, ast.Name)}


def _replaced(function: Function) -> dict[str, ast.expr]:
    """Locals that only give another name to a literal, or to a local that is assigned once and before."""
    stores: Counter[str] = Counter(each.arg for each in function.args.args)
    given: dict[str, ast.expr] = {}
    seen: set[str] = {each.arg for each in function.args.args}
    for node in _own(function):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.ExceptHandler(name=str(name)):
                stores[name] += 1
            case ast.Import(names) | ast.ImportFrom(names=names):
                stores.update(each.asname or each.name for each in names)
        match node:
            case ast.Assign([ast.Name(id=name)], value) if is_slot(name) and is_simple(value):
                if _is_fixed(value, seen):
                    given[name] = value
            case ast.Assign([ast.Name(id=name)]):
                seen.add(name)
    captured = _captured(function)
    fixed = {name for name, count in stores.items() if count == 1 and name not in captured}
    return {name: value for name, value in given.items() if name in fixed and _is_fixed(value, fixed)}


def _is_fixed(value: ast.expr, fixed: set[str]) -> bool:
    """Whether it stays what it is: a literal, a name of the module, a local of `fixed`."""
    return not isinstance(value, ast.Name) or "." in value.id or value.id in fixed


def _names(function: Function, given: dict[str, ast.expr]) -> bool:
    """Put in the first of `given`; whether there was one."""
    for name, value in given.items():
        _Put(name, value).visit(function)
        return True
    return False


class _Put(Transformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self._name, self._value = name, value

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        match node.targets:
            case [ast.Name(id=name)] if name == self._name:
                nothing = ast.copy_location(ast.Pass(), node)
                nothing.origin, nothing.place = node.origin, node.place  # type: ignore[attr-defined]
                return nothing
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return copy.deepcopy(self._value) if node.id == self._name else node


def _blocks(function: Function, modules: frozenset[str]) -> bool:
    """Put a value into the statement behind it; whether there was one."""
    nodes = list(walk(function))
    own = bound(function) - _captured(function) - {each.arg for each in parameters(function)}
    names = (each.id for each in nodes if isinstance(each, ast.Name))
    uses = Counter(name for name in names if name in own)
    found = False
    for node in nodes:
        for field in _BLOCKS:
            block = getattr(node, field, None)
            if isinstance(block, list):
                block[:] = [each for each in block if not isinstance(each, ast.Pass)] or block[:1]
                found |= _block(block, uses, modules)
    return found


def _block(block: list[ast.stmt], uses: Counter[str], modules: frozenset[str]) -> bool:
    for number, (statement, following) in enumerate(itertools.pairwise(block)):
        match statement:
            case ast.Assign([ast.Name(id=name)], value) if uses[name] == 2:
                if _is_first(following, name, modules):
                    _Put(name, value).visit(following)
                    del block[number]
                    return True
    return False


def _is_first(statement: ast.stmt, name: str, modules: frozenset[str]) -> bool:
    """Whether nothing that counts is evaluated in it before that name."""
    field = head(statement)
    for part, kind in steps(getattr(statement, field), modules) if field else ():
        if isinstance(part, ast.Name) and part.id == name:
            return True
        if kind is Kind.DOES:
            return False
    return False


def _spans(function: Function) -> Iterator[tuple[int, int, str]]:
    """From where to where each such local is needed: statements count by two, a store to the second."""
    at: dict[str, list[int]] = defaultdict(list)
    reaches: list[tuple[int, int]] = []
    _Walk(at, reaches).block(body(function), 0)
    for name, places in at.items():
        begin, end = min(places), max(places)
        grown = True
        while grown:
            grown = False
            for first, last in reaches:
                inside = first <= begin and end <= last
                if not inside and begin <= last and first <= end and (first < begin or last > end):
                    begin, end, grown = min(begin, first), max(end, last), True
        yield begin, end, name


class _Walk:
    """Notes where names stand, and from where to where loops go."""

    def __init__(self, at: dict[str, list[int]], loops: list[tuple[int, int]]) -> None:
        self._at, self._loops = at, loops

    def block(self, block: list[ast.stmt], place: int) -> int:
        """The place behind it."""
        for statement in block:
            place = self._statement(statement, place)
        return place

    def _statement(self, statement: ast.stmt, place: int) -> int:
        parts = [each for each in children(statement) if not isinstance(each, (ast.stmt, ast.ExceptHandler))]
        for part in parts:
            for each in (part, *walk(part)):
                if isinstance(each, ast.Name) and is_slot(each.id):
                    late = isinstance(statement, ast.Assign) and isinstance(each.ctx, ast.Store)
                    self._at[each.id].append(place + late)
        for known in getattr(statement, "names", ()):
            if isinstance(known, ast.alias) and is_slot(known.asname or ""):
                self._at[known.asname or ""].append(place)
        begin, place = place, place + 2
        if isinstance(statement, FUNCTIONS):
            return place
        place = self.block(getattr(statement, "body", []), place)
        for handler in getattr(statement, "handlers", ()):
            place = self._handler(handler, place)
        place = self.block(getattr(statement, "orelse", []), place)
        place = self.block(getattr(statement, "finalbody", []), place)
        if isinstance(statement, _LOOPS):
            self._loops.append((begin, place))
        return place

    def _handler(self, handler: ast.ExceptHandler, place: int) -> int:
        begin, place = place, place + 2
        for each in walk(handler.type) if handler.type else ():
            if isinstance(each, ast.Name) and is_slot(each.id):
                self._at[each.id].append(begin)
        place = self.block(handler.body, place)
        if handler.name and is_slot(handler.name):
            # At its end the name is deleted.
            self._at[handler.name] += [begin, place]
        return place


def _rename(function: Function, new: dict[str, str]) -> None:
    for node in walk(function):
        match node:
            case ast.Name(id=name) if name in new:
                node.id = new[name]
            case ast.ExceptHandler(name=str(name)) if name in new:
                node.name = new[name]
            case ast.alias(asname=str(name)) if name in new:
                node.asname = new[name]
