"""Which functions one place alone calls, and what their statements are there."""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from host_tools.boards.shrink.exits import like
from host_tools.boards.shrink.scopes import DEFINITIONS, FUNCTIONS, bound
from host_tools.boards.shrink.steps import is_simple
from host_tools.boards.shrink.trees import Transformer, walk

_NOT_PLAIN = (*FUNCTIONS, ast.ClassDef, ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal)


@dataclass(frozen=True)
class Callee:
    """`key`: as calls name it; a method's begins with a dot."""

    key: str
    node: ast.FunctionDef

    def parameters(self) -> list[str]:
        return [each.arg for each in self.node.args.args]

    def takes(self, call: ast.Call) -> bool:
        """Whether the call says plainly what is for which parameter."""
        return arguments(self, call) is not None


@dataclass
class Given:
    """`first` are the values that must be kept, `body` what comes then, in names of the caller's."""

    first: list[ast.stmt]
    body: list[ast.stmt]


def callees(tree: ast.Module, known: set[str], most: int = 1) -> dict[str, Callee]:
    """By key, what is called at most so often, and by nobody else."""
    nodes = list(walk(tree))
    uses = Counter(each.id for each in nodes if isinstance(each, ast.Name))
    read = Counter(each.attr for each in nodes if isinstance(each, ast.Attribute))
    called = Counter(key_of(each) for each in nodes if isinstance(each, ast.Call))
    spelled = {each.value for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    methods = [
        each
        for definition in tree.body
        if isinstance(definition, ast.ClassDef)
        for each in definition.body
        if isinstance(each, DEFINITIONS)
    ]
    named = Counter(each.name for each in methods)
    found = [
        Callee(each.name, each)
        for each in tree.body
        if isinstance(each, ast.FunctionDef) and each.name not in known
        if 0 < uses[each.name] == called[each.name] <= most
    ]
    found += [
        Callee(f".{each.name}", each)
        for each in methods
        if isinstance(each, ast.FunctionDef)
        if named[each.name] == 1 and each.name not in known | spelled
        if 0 < read[each.name] == called[f".{each.name}"] <= most
        if not each.name.startswith("__")
    ]
    return {each.key: each for each in found if _is_plain(each.node)}


def key_of(call: ast.Call) -> str:
    """What a call names, as `Callee.key` has it; empty for what has no name."""
    match call.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return f".{name}"
    return ""


def _is_plain(node: ast.FunctionDef) -> bool:
    extra = node.args.vararg or node.args.kwarg or node.args.kwonlyargs or node.args.posonlyargs
    inner = (each for statement in node.body for each in walk(statement))
    return not (extra or node.decorator_list) and not any(
        isinstance(each, _NOT_PLAIN) or (isinstance(each, ast.Name) and each.id == "super") for each in inner
    )


def arguments(callee: Callee, call: ast.Call) -> dict[str, ast.expr] | None:
    """By parameter, in the order in which they are evaluated; defaults last."""
    names = callee.parameters()
    values = list(call.args)
    if callee.key.startswith("."):
        assert isinstance(call.func, ast.Attribute)
        values = [call.func.value, *values]
    if any(isinstance(each, ast.Starred) for each in values) or len(values) > len(names):
        return None
    found = dict(zip(names, values, strict=False))
    for each in call.keywords:
        if each.arg is None or each.arg in found or each.arg not in names:
            return None
        found[each.arg] = each.value
    defaults = callee.node.args.defaults
    for name, value in zip(names[len(names) - len(defaults) :], defaults, strict=True):
        if name not in found and not isinstance(value, ast.Constant):
            return None
        found.setdefault(name, value)
    return found if len(found) == len(names) else None


def given(callee: Callee, call: ast.Call, statement: ast.stmt, fresh: Iterator[str]) -> Given:
    """What the call is, told at `statement`; each local gets a name that is `fresh`."""
    values = arguments(callee, call)
    assert values is not None
    made = Given([], copy.deepcopy(callee.node.body))
    names = [each for one in made.body for each in walk(one) if isinstance(each, ast.Name)]
    stored = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    new: dict[str, ast.expr] = {}
    for name in sorted(bound(callee.node)):
        value = values.get(name)
        plain = value is not None and is_simple(value) and name not in stored
        new[name] = value if value is not None and plain else ast.Name(next(fresh), ast.Load())
    for name, value in values.items():
        kept = new[name]
        if kept is not value and isinstance(kept, ast.Name):
            made.first.append(like(ast.Assign([ast.Name(kept.id, ast.Store())], value), statement))
    for one in made.body:
        _Renamed(new).visit(one)
        for each in walk(one):
            if isinstance(each, ast.stmt):
                each.place = statement.place + each.place  # type: ignore[attr-defined]
    return made


class _Renamed(Transformer):
    def __init__(self, new: dict[str, ast.expr]) -> None:
        self._new = new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self._new:
            return node
        new = copy.deepcopy(self._new[node.id])
        if isinstance(new, ast.Name):
            new.ctx = node.ctx
        return ast.copy_location(new, node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and self._name(node.name)
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        known = node.asname or node.name
        if known in self._new:
            node.asname = self._name(known)
        return node

    def _name(self, old: str) -> str:
        new = self._new.get(old)
        return new.id if isinstance(new, ast.Name) else old
