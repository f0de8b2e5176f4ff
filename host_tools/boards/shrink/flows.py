"""Where the instances of some classes may be: in which locals, parameters, attributes and results.

Told without regard to order: what is ever assigned somewhere may be there. An instance that goes where
this does not follow (a container, a call of what is not ours, a test other than `is None`) spoils its class.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator

from host_tools.boards.shrink.scopes import FUNCTIONS, Function, bound, parameters
from host_tools.boards.shrink.steps import is_path
from host_tools.boards.shrink.trees import parts, walk

Scope = tuple[Function, ...]
Key = tuple[int, str]
_ANYWHERE = 0
_RESULT = "return"
_NOTHING: frozenset[str] = frozenset()
# Anything else but None.
_OTHER = "?"
_OTHERS = frozenset((_OTHER,))


class Flows:
    """`classes`: those that are followed; `foreign`: names of methods that are not ours alone."""

    def __init__(self, tree: ast.Module, classes: Collection[str], foreign: Collection[str]) -> None:
        self._classes, self._foreign = classes, foreign
        self._held: dict[Key, set[str]] = defaultdict(set)
        self._bound = {id(each): bound(each) for each in walk(tree) if isinstance(each, FUNCTIONS)}
        self.spoilt: set[str] = set()
        self._functions = {each.name: each for each in tree.body if isinstance(each, FUNCTIONS[:2])}
        self._methods: dict[str, list[tuple[str, Function]]] = defaultdict(list)
        for definition in tree.body:
            if isinstance(definition, ast.ClassDef):
                for member in definition.body:
                    if isinstance(member, FUNCTIONS[:2]):
                        self._methods[member.name].append((definition.name, member))
                        kind = definition.name if definition.name in classes else _OTHER
                        self._add((id(member), parameters(member)[0].arg), (kind,))
        attributes = (each for each in walk(tree) if isinstance(each, ast.Attribute))
        self._stored_names = {each.attr for each in attributes if isinstance(each.ctx, ast.Store)}
        self._begin(tree)
        before = None
        while before != (before := (sum(map(len, self._held.values())), len(self.spoilt))):
            self._visit(tree, ())

    def _begin(self, tree: ast.Module) -> None:
        """What comes from where nothing is followed: parameters of what others call, targets of all kinds."""
        nodes = list(walk(tree))
        called = {id(each.func) for each in nodes if isinstance(each, ast.Call)}
        passed_on = {
            each.id if isinstance(each, ast.Name) else each.attr
            for each in nodes
            if isinstance(each, (ast.Name, ast.Attribute)) and id(each) not in called
        }
        for node in nodes:
            if isinstance(node, FUNCTIONS):
                method = any(node is each for _, each in self._methods.get(_name(node), ()))
                followed = method or self._functions.get(_name(node)) is node
                if not followed or _name(node) in (passed_on | {*self._foreign}) - {"__init__"}:
                    for each in parameters(node)[method:]:
                        self._add((id(node), each.arg), _OTHERS)
                for name in _unfollowed(node):
                    self._add((id(node), name), _OTHERS)
        plain = {id(target) for each in nodes if isinstance(each, ast.Assign) for target in each.targets}
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and id(node) not in plain:
                self._add((_ANYWHERE, node.attr), _OTHERS)

    def of(self, node: ast.AST, scope: Scope) -> frozenset[str]:
        """The classes of which it may be an instance; `?` if it may be anything else but None."""
        match node:
            case ast.Constant(None):
                return _NOTHING
            case ast.Name(id=name):
                home = next((each for each in reversed(scope) if name in self._bound[id(each)]), None)
                return frozenset(self._held[id(home), name]) if home else _OTHERS
            case ast.Attribute(attr=name):
                known = name in self._stored_names and name not in self._foreign
                return frozenset(self._held[_ANYWHERE, name]) | (_NOTHING if known else _OTHERS)
            case ast.Call(ast.Name(id=name)) if name in self._classes:
                return frozenset((name,))
            case ast.Call():
                called = self._called(node)
                found = [self._held[id(each), _RESULT] for _, each in called]
                return frozenset().union(*found) if called else _OTHERS
            case ast.IfExp(_, body, orelse):
                return self.of(body, scope) | self.of(orelse, scope)
            case ast.BoolOp(values=values):
                return frozenset().union(*(self.of(each, scope) for each in values))
        return _OTHERS

    def _add(self, key: Key, kinds: Collection[str]) -> None:
        self._held[key].update(kinds)

    def _called(self, call: ast.Call) -> list[tuple[int, Function]]:
        """What of ours it may call, and how many parameters come before what it gives."""
        match call.func:
            case ast.Name(id=name) if name in self._functions:
                return [(0, self._functions[name])]
            case ast.Name(id=name):
                return [(1, each) for owner, each in self._methods["__init__"] if owner == name]
            case ast.Attribute(attr=name) if not name.startswith("__"):
                return [(1, each) for _, each in self._methods[name]]
        return []

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        inside = (*scope, node) if isinstance(node, FUNCTIONS) else scope
        for field, child in parts(node):
            self._visit(child, inside)
            kinds = self.of(child, inside)
            if kinds and not self._goes(node, field, child, kinds, inside):
                self.spoilt |= kinds - _OTHERS

    def _goes(self, node: ast.AST, field: str, child: ast.AST, kinds: frozenset[str], scope: Scope) -> bool:
        """Follow `child`, an instance, into `node`; whether that can be told."""
        match node:
            case ast.Attribute(ctx=ctx):
                return len(kinds) == 1 and is_path(child) and not isinstance(ctx, ast.Del)
            case ast.BoolOp() | ast.IfExp() | ast.If() | ast.While() | ast.UnaryOp(ast.Not()) | ast.Expr():
                return True
            case ast.Compare(_, [ast.Is() | ast.IsNot()], [ast.Constant(None)]):
                return True
            case ast.Assign(targets) if field == "value":
                return all(self._stored(target, kinds, scope) for target in targets)
            case ast.Assign():
                return True
            case ast.Return():
                self._add((id(scope[-1]), _RESULT), kinds)
                return not isinstance(scope[-1], ast.Lambda)
            case ast.Call(ast.Name(id="len")):
                return self._lengths(kinds)
            case ast.Call() if field == "args":
                return self._handed(node, child, kinds)
            case ast.keyword() | ast.Call():
                return False
        return False

    def _lengths(self, kinds: frozenset[str]) -> bool:
        owners = {owner for owner, _ in self._methods["__len__"]}
        return len(kinds) == 1 and kinds <= owners

    def _stored(self, target: ast.expr, kinds: frozenset[str], scope: Scope) -> bool:
        match target:
            case ast.Name(id=name) if scope and name in self._bound[id(scope[-1])]:
                self._add((id(scope[-1]), name), kinds)
                return True
            case ast.Attribute(attr=name):
                self._add((_ANYWHERE, name), kinds)
                return True
        return False

    def _handed(self, call: ast.Call, given: ast.AST, kinds: frozenset[str]) -> bool:
        called = self._called(call)
        if isinstance(call.func, ast.Attribute) and call.func.attr in self._foreign:
            return False
        for skipped, function in called:
            names = [each.arg for each in function.args.args][skipped:]
            place = next(number for number, each in enumerate(call.args) if each is given)
            if function.args.vararg or place >= len(names):
                return False
            self._add((id(function), names[place]), kinds)
        return bool(called)


def _name(function: Function) -> str:
    return "" if isinstance(function, ast.Lambda) else function.name


def _unfollowed(function: Function) -> Iterator[str]:
    """Locals that get something otherwise than by a plain assignment."""
    plain = {
        id(target)
        for each in walk(function)
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    own = bound(function) - {each.arg for each in parameters(function)}
    for each in walk(function):
        match each:
            case ast.Name(id=name, ctx=ast.Store()) if id(each) not in plain:
                yield name
            case ast.AugAssign(ast.Name(id=name)) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.Import(names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
            case ast.FunctionDef(name=name) if name in own:
                yield name
