"""A function that one place alone calls goes to that place.

A call costs the function's own head, its name, and the handing over of what it is given. What goes is a
plain function or method that nobody else can know; its locals get names of their own. Statements keep the
place that they have in the sources.
"""

import ast
import copy
import itertools
from collections.abc import Collection, Iterator

from host_tools.boards.shrink.callees import Callee, Given, callees, given, key_of
from host_tools.boards.shrink.exits import CannotError, leaves, like, settled
from host_tools.boards.shrink.scopes import FUNCTIONS, Function, filled, imported, slot
from host_tools.boards.shrink.steps import Kind, head, steps
from host_tools.boards.shrink.trees import Transformer, walk

_BLOCKS = ("body", "orelse", "finalbody")


def inline(tree: ast.Module, entry: str, known: Collection[str]) -> ast.Module:
    """`tree` with each function at its one call. `known`: names that others may call, `entry` among them."""
    _Inliner(tree, {entry, *known}).run()
    return ast.fix_missing_locations(tree)


class _Inliner:
    def __init__(self, tree: ast.Module, known: set[str]) -> None:
        self._tree = tree
        self._callees = callees(tree, known)
        self._stable = imported(tree)
        self._fresh = map(slot, itertools.count())
        self._gone: set[int] = set()
        self._under_way: list[Function] = []

    def run(self) -> None:
        """Bottom up: what goes somewhere has taken in before what it calls itself."""
        classes = [each for each in self._tree.body if isinstance(each, ast.ClassDef)]
        holders: list[ast.Module | ast.ClassDef] = [self._tree, *classes]
        for holder in holders:
            for each in holder.body:
                if isinstance(each, FUNCTIONS):
                    self._function(each)
        for holder in holders:
            holder.body = [each for each in holder.body if id(each) not in self._gone]
            if isinstance(holder, ast.ClassDef):
                filled(holder)

    def _function(self, function: Function) -> None:
        if isinstance(function, ast.Lambda) or id(function) in self._gone or function in self._under_way:
            return
        self._under_way.append(function)
        function.body = self._block(function.body)
        self._under_way.pop()

    def _block(self, block: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in block:
            if isinstance(statement, FUNCTIONS):
                self._function(statement)
            made += self._statement(statement)
        return made

    def _statement(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statement, with what its calls do before it or in its place."""
        before: list[ast.stmt] = []
        while found := self._call(statement):
            call, callee = found
            self._function(callee.node)
            put = self._put(statement, call, callee)
            if put is None:
                del self._callees[callee.key]
                continue
            self._gone.add(id(callee.node))
            del self._callees[callee.key]
            self._merge(callee)
            block, stays = put
            before += block
            if not stays:
                return before
        if not isinstance(statement, FUNCTIONS):
            for part in (statement, *getattr(statement, "handlers", ())):
                for name in _BLOCKS:
                    if getattr(part, name, None):
                        setattr(part, name, self._block(getattr(part, name)))
        return [*before, statement]

    def _merge(self, callee: Callee) -> None:
        caller = self._under_way[-1]
        names = [callee.node.place[-1][2], *getattr(callee.node, "merged", ())]  # type: ignore[attr-defined]
        caller.merged = [*getattr(caller, "merged", ()), *names]  # type: ignore[union-attr]

    def _call(self, statement: ast.stmt) -> tuple[ast.Call, Callee] | None:
        """The first call in it that may be put before it, and whom it calls."""
        name = head(statement)
        if not name:
            return None
        beside: list[ast.expr] = []
        for part, kind in steps(getattr(statement, name), self._stable):
            if isinstance(part, ast.Call) and (callee := self._callees.get(key_of(part))):
                inside = {id(each) for each in walk(part)}
                free = callee.node not in self._under_way and callee.takes(part)
                if free and all(id(each) in inside for each in beside):
                    return part, callee
            if kind is Kind.DOES:
                beside.append(part)
        return None

    def _put(self, statement: ast.stmt, call: ast.Call, callee: Callee) -> tuple[list[ast.stmt], bool] | None:
        """What the call does, and whether the statement stays behind it; None if it cannot be told so."""
        inside = given(callee, call, statement, self._fresh)
        try:
            return _told(statement, call, inside, self._fresh)
        except CannotError:
            return None


def _told(
    statement: ast.stmt, call: ast.Call, inside: Given, fresh: Iterator[str]
) -> tuple[list[ast.stmt], bool]:
    body, last = inside.body, inside.body[-1]
    match statement:
        case ast.Return(value) if value is call:
            if not leaves(body):
                body = [*body, like(ast.Return(None), last)]
            return [*inside.first, *body], False
        case ast.Expr(value) if value is call:
            return [*inside.first, *settled(body, _dropped, last)], False
        case ast.Assign([target], value) if value is call and _is_plain(target, body):

            def assigned(value: ast.expr | None, at: ast.stmt) -> list[ast.stmt]:
                return [like(ast.Assign([copy.deepcopy(target)], value or ast.Constant(None)), at)]

            return [*inside.first, *settled(body, assigned, last)], False
    result = next(fresh)

    def kept(value: ast.expr | None, at: ast.stmt) -> list[ast.stmt]:
        return [like(ast.Assign([ast.Name(result, ast.Store())], value or ast.Constant(None)), at)]

    block = [*inside.first, *settled(body, kept, last)]
    _Exchange(call, ast.Name(result, ast.Load())).visit(statement)
    return block, True


def _dropped(value: ast.expr | None, at: ast.stmt) -> list[ast.stmt]:
    if value is None or isinstance(value, (ast.Constant, ast.Name)):
        return [like(ast.Pass(), at)]
    return [like(ast.Expr(value), at)]


def _is_plain(target: ast.expr, body: list[ast.stmt]) -> bool:
    """Whether a value may be stored there where it is made: nothing catches what that raises."""
    tries = [each for statement in body for each in walk(statement) if isinstance(each, ast.Try)]
    return not any(each.finalbody or not isinstance(target, ast.Name) for each in tries)


class _Exchange(Transformer):
    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self._old, self._new = old, new

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return self._new if node is self._old else self.generic_visit(node)
