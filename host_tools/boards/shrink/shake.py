"""What a build does not need falls out: branches of features it has not, then whatever nothing reaches.

Constants go to where they are used. A function, class or table stays if its name is used by what
stays; a method, if any of that uses its name, or code that is not ours may call it.
"""

import ast
from collections import Counter
from collections.abc import Collection, Mapping

from host_tools.boards.shrink.scopes import DEFINITIONS, assigned, filled, imported
from host_tools.boards.shrink.trees import Transformer, walk


def fold(tree: ast.Module, constants: Mapping[str, object]) -> ast.Module:
    """`tree` with `constants` put in, and all that follows from them decided."""
    _Fold(constants).visit(tree)
    return ast.fix_missing_locations(tree)


class _Fold(Transformer):
    def __init__(self, constants: Mapping[str, object]) -> None:
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self._constants:
            value = ast.parse(repr(self._constants[node.id]), mode="eval").body
            return ast.copy_location(value, node)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, _reached(block))
        return filled(node) if isinstance(node, (*DEFINITIONS, ast.If, ast.For, ast.While)) else node

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if not isinstance(node.test, ast.Constant):
            return node
        return node.body if node.test.value else node.orelse

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.test, ast.Constant):
            return node
        return node.body if node.test.value else node.orelse

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Compare(ast.Constant(value), [ast.Is() | ast.IsNot() as how], [ast.Constant(None)]):
                return ast.copy_location(ast.Constant((value is None) == isinstance(how, ast.Is)), node)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant):
            return ast.copy_location(ast.Constant(not node.operand.value), node)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        deciding = isinstance(node.op, ast.Or)
        while len(node.values) > 1 and isinstance(node.values[0], ast.Constant):
            first = node.values[0]
            if bool(first.value) == deciding:
                return first
            node.values.pop(0)
        return node if len(node.values) > 1 else node.values[0]


def _reached(block: list[ast.stmt]) -> list[ast.stmt]:
    """Up to the first statement that never hands on."""
    for number, statement in enumerate(block, 1):
        if isinstance(statement, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
            return block[:number]
    return block


def inline_constants(tree: ast.Module) -> ast.Module:
    """Numbers, texts and tuples of them are put where they are used: a file has each of them once."""
    while constants := _constants(tree):
        tree.body = [each for each in tree.body if not constants.keys() & set(assigned(each))]
        tree = fold(tree, constants)
    return tree


def _constants(tree: ast.Module) -> dict[str, object]:
    names = [node for node in walk(tree) if isinstance(node, ast.Name)]
    stores = Counter(node.id for node in names if isinstance(node.ctx, ast.Store))
    # Which one it is counts where `is` asks for it.
    themselves = {name for each in walk(tree) if isinstance(each, ast.Compare) for name in _asked(each)}
    found = {}
    for statement in tree.body:
        match statement:
            case ast.Assign([ast.Name(id=name)], value) if stores[name] == 1 and name not in themselves:
                if known := _value(value):
                    found[name] = known[0]
    return found


def _asked(node: ast.Compare) -> set[str]:
    if not any(isinstance(each, (ast.Is, ast.IsNot)) for each in node.ops):
        return set()
    return {each.id for each in (node.left, *node.comparators) if isinstance(each, ast.Name)}


def _value(node: ast.expr) -> tuple[object] | None:
    """The value of an expression of literals alone, in a tuple; None if it is no such thing."""
    if any(not isinstance(each, _LITERAL) for each in walk(node)):
        return None
    return (eval(compile(ast.Expression(node), "constant", "eval"), {"__builtins__": {}}),)


_LITERAL = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Tuple, ast.Load)


def shake(tree: ast.Module, entry: str, called: Collection[str]) -> ast.Module:
    """What `entry` reaches. `called`: names of methods that code which is not ours may call."""
    reach = _Reach(tree, set(called))
    reach.run(entry)
    tree.body = [kept for each in tree.body if (kept := reach.kept(each))]
    return ast.fix_missing_locations(tree)


class _Reach:
    def __init__(self, tree: ast.Module, called: set[str]) -> None:
        self._home = {name: each for each in tree.body for name in assigned(each)}
        self._imports = [each for each in tree.body if not assigned(each)]
        self._modules = imported(tree)
        self._names: set[str] = set()
        self._attributes = called
        self._live: set[int] = set()

    def run(self, entry: str) -> None:
        """Follow names from `entry` on until nothing new turns up."""
        self._enter(self._home[entry])
        before = -1
        while len(self._live) != before:
            before = len(self._live)
            for each in self._home.values():
                if isinstance(each, ast.ClassDef) and id(each) in self._live:
                    self._members(each)

    def kept(self, statement: ast.stmt) -> ast.stmt | None:
        """The statement, a class without the members nobody needs; None if it goes as a whole."""
        if statement in self._imports:
            return statement if self._is_used(statement) else None
        if id(statement) not in self._live:
            return None
        if isinstance(statement, ast.ClassDef):
            statement.body = [each for each in statement.body if id(each) in self._live]
            return filled(statement)
        return statement

    def _is_used(self, statement: ast.stmt) -> bool:
        assert isinstance(statement, (ast.Import, ast.ImportFrom))
        return any((alias.asname or alias.name) in self._names for alias in statement.names)

    def _enter(self, statement: ast.stmt) -> None:
        if id(statement) in self._live:
            return
        self._live.add(id(statement))
        if isinstance(statement, ast.ClassDef):
            for base in statement.bases:
                self._follow(base)
        else:
            self._follow(statement)

    def _members(self, definition: ast.ClassDef) -> None:
        for member in definition.body:
            name = member.name if isinstance(member, DEFINITIONS) else ""
            needed = not name or name.startswith("__") or name in self._attributes
            if needed and id(member) not in self._live:
                self._live.add(id(member))
                self._follow(member)

    def _follow(self, node: ast.AST) -> None:
        for each in walk(node):
            match each:
                case ast.Name(id=name):
                    self._names.add(name)
                    if name in self._home:
                        self._enter(self._home[name])
                case ast.Attribute(ast.Name(id=name)) if name in self._modules:
                    pass  # what a module of MicroPython's calls so is not ours
                case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                    self._attributes.add(name)
