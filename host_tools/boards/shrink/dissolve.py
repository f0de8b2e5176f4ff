"""A class with one instance for good becomes functions and globals: both are shorter to name.

Whether there is but one, and which expressions are it, is proven or the class stays. What remains of the
instance is `True`, where code asks whether it is there.
"""

import ast
from collections import Counter
from collections.abc import Collection, Iterator

from host_tools.boards.shrink.exits import like
from host_tools.boards.shrink.flows import Flows, Scope
from host_tools.boards.shrink.scopes import FUNCTIONS, MUTABLE, Function, parameters
from host_tools.boards.shrink.trees import Transformer, children, walk

_LOOPS = (ast.For, ast.While, ast.AsyncFor, ast.comprehension, ast.Lambda)


def dissolve(tree: ast.Module, entry: str, known: Collection[str]) -> ast.Module:
    """`tree` without such classes. `known`: names of methods that may be somebody else's."""
    classes = {each.name: each for each in tree.body if isinstance(each, ast.ClassDef) and _is_plain(each)}
    once = _made_once(tree, entry, classes)
    while True:
        flows = Flows(tree, once, known)
        if not flows.spoilt:
            break
        once -= flows.spoilt
    if once:
        _Dissolver(flows, {name: classes[name] for name in once}).visit(tree)
    return ast.fix_missing_locations(tree)


def _is_plain(definition: ast.ClassDef) -> bool:
    names = [each.name for each in definition.body if isinstance(each, FUNCTIONS[:2])]
    return (
        not definition.bases
        and len(names) == len(definition.body)
        and "__init__" in names
        and not any(name.startswith("__") and name not in ("__init__", "__len__") for name in names)
        and not any(each.decorator_list for each in definition.body if isinstance(each, FUNCTIONS[:2]))
    )


def _made_once(tree: ast.Module, entry: str, classes: Collection[str]) -> set[str]:
    """The classes that are named once, in a statement that runs at most once."""
    uses = Counter(each.id for each in walk(tree) if isinstance(each, ast.Name))
    read = Counter(each.attr for each in walk(tree) if isinstance(each, ast.Attribute))
    functions = {each.name: each for each in tree.body if isinstance(each, FUNCTIONS[:2])}
    members = {
        (definition.name, each.name): each
        for definition in tree.body
        if isinstance(definition, ast.ClassDef)
        for each in definition.body
        if isinstance(each, FUNCTIONS[:2])
    }
    named = Counter(name for _, name in members)
    made: set[str] = set()
    waiting = [functions[entry]]
    while waiting:
        for statement, call in _calls(waiting.pop()):
            match call.func:
                case ast.Name(id=name) if uses[name] != 1:
                    pass
                case ast.Name(id=name) if name in functions:
                    waiting.append(functions[name])
                case ast.Name(id=name) if name in classes and _is_made(statement, call):
                    made.add(name)
                    waiting.append(members[name, "__init__"])
                case ast.Attribute(attr=name) if read[name] == named[name] == 1:
                    waiting += [each for (_, member), each in members.items() if member == name]
    return made


def _is_made(statement: ast.stmt, call: ast.Call) -> bool:
    match statement:
        case ast.Assign([ast.Name() | ast.Attribute()], value) | ast.Return(value):
            return value is call
    return False


def _calls(node: ast.AST, statement: ast.stmt | None = None) -> Iterator[tuple[ast.stmt, ast.Call]]:
    """Those that a function makes at most once for each time it runs, each with its statement."""
    for child in children(node):
        if isinstance(child, (*_LOOPS, *FUNCTIONS)):
            continue
        own = child if isinstance(child, ast.stmt) else statement
        if isinstance(child, ast.Call) and own:
            yield own, child
        yield from _calls(child, own)


class _Dissolver(Transformer):
    def __init__(self, flows: Flows, classes: dict[str, ast.ClassDef]) -> None:
        self._flows, self._classes = flows, classes
        self._methods = {
            name: {each.name for each in one.body if isinstance(each, FUNCTIONS)}
            for name, one in classes.items()
        }
        self._scopes: Scope = ()

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if node.name not in self._classes:
            return node
        for each in node.body:
            assert isinstance(each, FUNCTIONS[:2])
            each.name = f"{node.name}.{each.name}"
            del each.args.args[0]
        return node.body

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._function(node)

    def _function(self, node: Function) -> ast.AST:
        self._scopes = (*self._scopes, node)
        self.generic_visit(node)
        self._scopes = self._scopes[:-1]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        kinds = self._flows.of(node.value, self._scopes)
        if not kinds & self._classes.keys():
            return self.generic_visit(node)
        (kind,) = kinds
        mark = "." if node.attr in self._methods[kind] else MUTABLE
        return ast.copy_location(ast.Name(f"{kind}{mark}{node.attr}", node.ctx), node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """What is left of `self`."""
        first = [parameters(each)[0].arg for each in self._scopes[:1] if parameters(each)]
        if node.id in first and self._flows.of(node, self._scopes) and self._is_method():
            return ast.copy_location(ast.Constant(True), node)
        return node

    def _is_method(self) -> bool:
        return any(self._scopes[0] in each.body for each in self._classes.values())

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`len` of one of them, as it says itself."""
        match node:
            case ast.Call(ast.Name(id="len"), [given]):
                for kind in self._flows.of(given, self._scopes) & self._classes.keys():
                    return ast.copy_location(ast.Call(ast.Name(f"{kind}.__len__", ast.Load()), [], []), node)
        return self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> ast.AST | list[ast.stmt]:
        return self._made(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        return self._made(node)

    def _made(self, node: ast.Assign | ast.Return) -> ast.AST | list[ast.stmt]:
        match node.value:
            case ast.Call(ast.Name(id=name) as func) if name in self._classes:
                self.generic_visit(node)
                func.id = f"{name}.__init__"
                made = like(ast.Expr(node.value), node)
                node.value = ast.Constant(True)
                return [made, node]
        return self.generic_visit(node)
