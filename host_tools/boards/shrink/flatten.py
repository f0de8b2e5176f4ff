"""The modules of a package as one: each top-level name becomes `module.name`, imports among them vanish.

A module's own names and what it imports from its siblings are told from the functions' locals, as
Python's scoping does. At the top of a module stand imports, definitions, assignments and `if`; whatever
else would run at import time is refused.
"""

import ast
from collections.abc import Iterator, Mapping

from host_tools.boards.shrink.scopes import DEFINITIONS, FUNCTIONS, Function, assigned, bound, filled
from host_tools.boards.shrink.trees import Transformer, walk
from host_tools.errors import UsageError

PACKAGE = "devcred"
_TOP = (ast.Import, ast.ImportFrom, ast.Assign, ast.If, *DEFINITIONS)


def flatten(sources: Mapping[str, str], entry: str) -> ast.Module:
    """One module of all that `entry` leads to. `sources`: module name (`__init__` too) to source text.

    Each statement keeps its line number and has the module's name in `origin`.
    """
    trees = {name: _parsed(name, text) for name, text in sources.items()}
    outside: dict[str, ast.stmt] = {}
    statements: list[ast.stmt] = []
    for name in _order(trees, entry):
        flat = _Flattener(name, trees[name])
        statements += flat.statements(trees[name])
        outside |= flat.outside
    return ast.Module([*outside.values(), *statements], [])


def _parsed(name: str, text: str) -> ast.Module:
    tree = ast.parse(text, f"{PACKAGE}/{name}.py")
    for node in walk(tree):
        if isinstance(node, ast.stmt):
            node.origin = name  # type: ignore[attr-defined]
    _Plain().visit(tree)
    for statement in tree.body:
        if not isinstance(statement, _TOP):
            raise UsageError(
                f"line {statement.lineno}: only imports, definitions and assignments can be bundled",
                where=f"{PACKAGE}/{name}.py",
                do="put it into a function",
            )
    return ast.fix_missing_locations(tree)


class _Plain(Transformer):
    """Without what leaves no trace in bytecode: docstrings and annotations."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        plain = ast.copy_location(ast.Assign([node.target], node.value), node)
        plain.origin = node.origin  # type: ignore[attr-defined]
        return self.generic_visit(plain)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        self.generic_visit(node)
        return filled(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        return filled(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node


def _order(trees: Mapping[str, ast.Module], entry: str) -> list[str]:
    """`entry` and what it imports, directly or not, each after what it imports itself."""
    found: dict[str, None] = {}
    under_way: set[str] = set()

    def visit(name: str) -> None:
        if name in under_way or name not in trees:
            return
        under_way.add(name)
        for node in walk(trees[name]):
            for sibling in _siblings(node):
                visit(sibling)
        found[name] = None

    visit(entry)
    return list(found)


def _siblings(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names) if any(alias.name == PACKAGE for alias in names):
            yield "__init__"
        case ast.ImportFrom(module) if module == PACKAGE:
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom(str(module)) if module.startswith(PACKAGE + "."):
            yield module.removeprefix(PACKAGE + ".")


class _Flattener(Transformer):
    """Renames one module's names. `outside`: its imports of what is not in the package."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.outside: dict[str, ast.stmt] = {}
        self._modules: dict[str, str] = {}
        self._names = {name: f"{module}.{name}" for each in _all_top(tree.body) for name in assigned(each)}
        self._scopes: list[set[str]] = []
        for node in walk(tree):
            self._learn(node)

    def statements(self, tree: ast.Module) -> list[ast.stmt]:
        """The module's own, flattened."""
        return list(self.visit(tree).body)

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.Import(names) if any(alias.name == PACKAGE for alias in names):
                self._modules[PACKAGE] = "__init__"
            case ast.ImportFrom(module) if module == PACKAGE:
                self._modules |= {alias.asname or alias.name: alias.name for alias in node.names}
            case ast.ImportFrom(str(module)) if module.startswith(PACKAGE + "."):
                home = module.removeprefix(PACKAGE + ".")
                self._names |= {alias.asname or alias.name: f"{home}.{alias.name}" for alias in node.names}

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        return self._import(node, [alias.name for alias in node.names] == [PACKAGE])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        # const is MicroPython's own word to its compiler; its work is done here.
        return self._import(node, any(_siblings(node)) or node.module == "micropython")

    def _import(self, node: ast.Import | ast.ImportFrom, inside: bool) -> ast.AST | None:
        if inside:
            return None
        if self._scopes:
            return node  # late on purpose
        self.outside[ast.unparse(node)] = node
        return None

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not self._is_local(node.id):
            node.id = self._names.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and not self._is_local(node.value.id):
            home = self._modules.get(node.value.id)
            if home:
                return ast.copy_location(ast.Name(f"{home}.{node.attr}", node.ctx), node)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return node.args[0] if isinstance(node.func, ast.Name) and node.func.id == "const" else node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._names[node.name]
        node.bases = [self.visit(base) for base in node.bases]
        for member in _all_top(node.body):
            if isinstance(member, FUNCTIONS):
                self._function(member)
            elif isinstance(member, ast.If):
                member.test = self.visit(member.test)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if not self._scopes:
            node.name = self._names[node.name]
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.name = self._names[node.name]
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._function(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return filled(node) if node.body or node.orelse else []  # imports alone: all done in one place

    def visit_Try(self, node: ast.Try) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return node if node.body else node.orelse + node.finalbody

    def _function(self, node: Function) -> ast.AST:
        own = bound(node) - {name for name in bound(node) if self._is_import(node, name)}
        self._scopes.append(own)
        self.generic_visit(node)
        self._scopes.pop()
        return node

    @staticmethod
    def _is_import(node: Function, name: str) -> bool:
        """Whether `name` is bound there by an import from a sibling."""
        inner = (each for each in walk(node) if isinstance(each, ast.ImportFrom) and any(_siblings(each)))
        return any(name == (alias.asname or alias.name) for each in inner for alias in each.names)

    def _is_local(self, name: str) -> bool:
        return any(name in scope for scope in self._scopes)


def _all_top(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in statements:
        yield statement
        if isinstance(statement, ast.If):
            yield from _all_top(statement.body + statement.orelse)
