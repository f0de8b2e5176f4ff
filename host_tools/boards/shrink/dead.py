"""What nobody reads falls out: attributes, globals, locals, parameters; so do those that are always alike."""

import ast
from collections import Counter, defaultdict
from collections.abc import Collection

from host_tools.boards.shrink.callees import key_of
from host_tools.boards.shrink.scopes import MUTABLE, bound, filled
from host_tools.boards.shrink.shake import fold
from host_tools.boards.shrink.steps import is_path
from host_tools.boards.shrink.trees import Transformer, walk

_BLOCKS = ("body", "orelse", "finalbody")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def drop_dead(tree: ast.Module, known: Collection[str]) -> ast.Module:
    """`tree` without it. `known`: names of attributes and parameters that others may read."""
    before = ""
    while before != (before := ast.dump(tree)):
        _Parameters(tree, {*known}).run()
        tree = fold(_Constants(tree, {*known}).visit(tree), {})
        _Stores(tree, {*known}).visit(tree)
    return ast.fix_missing_locations(tree)


def is_pure(node: ast.expr) -> bool:
    """Whether to leave it out changes nothing but the memory and time that it takes."""
    return isinstance(node, (ast.Constant, ast.Lambda)) or is_path(node)


class _Stores(Transformer):
    """Takes out assignments of what is never read."""

    def __init__(self, tree: ast.Module, known: set[str]) -> None:
        nodes = list(walk(tree))
        spelled = _spelled(nodes)
        loaded = {each.attr for each in nodes if isinstance(each, ast.Attribute) and _is_load(each)}
        # An object that is not ours may look at an attribute that it gives to its like.
        ours = {
            each.attr
            for each in nodes
            if isinstance(each, ast.Attribute)
            and isinstance(each.value, ast.Name)
            and each.value.id == "self"
        }
        self._attributes = ours - loaded - known - spelled
        self._loaded = [{each.id for each in nodes if isinstance(each, ast.Name) and _is_load(each)}]
        self._own: list[set[str]] = [set()]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: _Function) -> ast.AST:
        nodes = list(walk(node))
        self._loaded.append({each.id for each in nodes if isinstance(each, ast.Name) and _is_load(each)})
        self._own.append(bound(node))
        self.generic_visit(node)
        self._loaded.pop()
        self._own.pop()
        return filled(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list) and isinstance(node, (ast.stmt, ast.ExceptHandler)):
                kept = [each for each in block if not isinstance(each, ast.Pass)]
                needed = name == "body"
                setattr(node, name, kept or block[:1] if needed else kept)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.targets = [each for each in node.targets if not self._is_dead(each)] or node.targets[:1]
        if not self._is_dead(node.targets[0]):
            return self.generic_visit(node)
        return self._value(node, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        return self._value(node, node.value) if self._is_dead(node.target) else self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        if node.name and node.name not in self._loaded[-1]:
            node.name = None
        return self.generic_visit(node)

    def _value(self, node: ast.Assign | ast.AugAssign, value: ast.expr) -> ast.AST:
        made: ast.stmt = ast.Pass() if is_pure(value) else ast.Expr(value)
        ast.copy_location(made, node)
        made.origin, made.place = node.origin, node.place  # type: ignore[attr-defined,union-attr]
        return made

    def _is_dead(self, target: ast.expr) -> bool:
        match target:
            case ast.Name(id=name) if MUTABLE in name:
                return name not in self._loaded[0]
            case ast.Name(id=name):
                return name in self._own[-1] and name not in self._loaded[-1]
            case ast.Attribute(value, name):
                return name in self._attributes and is_path(value)
        return False


class _Constants(Transformer):
    """Puts in what an attribute or a global is always assigned: the same literal."""

    def __init__(self, tree: ast.Module, known: set[str]) -> None:
        nodes = list(walk(tree))
        given: dict[str, list[ast.expr | None]] = defaultdict(list)
        for node in nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    given[_stored(target)].append(node.value)
        stores = Counter(_stored(each) for each in nodes)
        spelled = _spelled(nodes)
        theirs = {f".{name}" for name in known | spelled}
        self._values = {
            name: values[0].value
            for name, values in given.items()
            if name and name not in theirs and stores[name] == len(values)
            if isinstance(values[0], ast.Constant) and len({ast.dump(each) for each in values if each}) == 1
        }

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and f".{node.attr}" in self._values and is_path(node):
            return ast.copy_location(ast.Constant(self._values[f".{node.attr}"]), node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self._values:
            return ast.copy_location(ast.Constant(self._values[node.id]), node)
        return node


def _spelled(nodes: list[ast.AST]) -> set[str]:
    return {each.value for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def _stored(node: ast.AST) -> str:
    """An attribute with a dot before it, or a global, that is stored to; empty for anything else."""
    match node:
        case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
            return f".{name}"
        case ast.Name(id=name, ctx=ast.Store()) if MUTABLE in name:
            return name
    return ""


class _Parameters:
    """Takes parameters out of functions that are called in plain sight."""

    def __init__(self, tree: ast.Module, known: set[str]) -> None:
        nodes = list(walk(tree))
        self._calls: dict[str, list[ast.Call]] = defaultdict(list)
        for each in nodes:
            if isinstance(each, ast.Call):
                self._calls[key_of(each)].append(each)
        uses = Counter(each.id for each in nodes if isinstance(each, ast.Name))
        uses.update(f".{each.attr}" for each in nodes if isinstance(each, ast.Attribute))
        spelled = _spelled(nodes)
        classes = [each for each in tree.body if isinstance(each, ast.ClassDef)]
        found = [(each.name, each) for each in tree.body if isinstance(each, _Function)]
        methods = [each for one in classes for each in one.body if isinstance(each, _Function)]
        named = Counter(each.name for each in methods)
        found += [(f".{each.name}", each) for each in methods if named[each.name] == 1]
        for one in classes:
            inits = [each for each in one.body if isinstance(each, _Function) and each.name == "__init__"]
            found += [(one.name, each) for each in inits if uses[one.name] == len(self._calls[one.name])]
        theirs = known | spelled
        self._functions = {
            key: each
            for key, each in found
            if uses[key] == len(self._calls[key]) and not each.decorator_list
            if key.removeprefix(".") not in theirs and not key.startswith(".__")
        }

    def run(self) -> None:
        for key, function in self._functions.items():
            calls = self._calls[key]
            given = function.args
            if given.vararg or given.kwarg or given.kwonlyargs or any(_is_spread(each) for each in calls):
                continue
            first = int(key.startswith(".") or function.name == "__init__")
            for number in reversed(range(first, len(given.args))):
                self._parameter(function, number, calls, first)

    def _parameter(self, function: _Function, number: int, calls: list[ast.Call], first: int) -> None:
        given = function.args
        name = given.args[number].arg
        at = number - (len(given.args) - len(given.defaults))
        default = given.defaults[at] if at >= 0 else None
        values = [_given(each, name, number - first) or default for each in calls]
        if not values or None in values:
            return
        constants = [each for each in values if isinstance(each, ast.Constant)]
        alike = len(constants) == len(values) and len({repr(each.value) for each in constants}) == 1
        names = [each for one in function.body for each in walk(one) if isinstance(each, ast.Name)]
        used = [each for each in names if each.id == name]
        if any(not _is_load(each) for each in used) or not all(each and is_pure(each) for each in values):
            return
        if used and not alike:
            return
        if used:
            for one in function.body:
                _Put(name, constants[0]).visit(one)
        del given.args[number]
        if at >= 0:
            del given.defaults[at]
        for call in calls:
            _take(call, name, number - first)


class _Put(Transformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self._name, self._value = name, value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(self._value, node) if node.id == self._name else node


def _is_spread(call: ast.Call) -> bool:
    return any(isinstance(each, ast.Starred) for each in call.args) or any(
        each.arg is None for each in call.keywords
    )


def _given(call: ast.Call, name: str, place: int) -> ast.expr | None:
    if place < len(call.args):
        return call.args[place]
    return next((each.value for each in call.keywords if each.arg == name), None)


def _take(call: ast.Call, name: str, place: int) -> None:
    if place < len(call.args):
        del call.args[place]
    call.keywords = [each for each in call.keywords if each.arg != name]


def _is_load(node: ast.Name | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Load)
