"""Puts the chosen names into the tree, and gives parameters and locals theirs."""

import ast
import builtins

from host_tools.boards.shrink.names import Names, short_names
from host_tools.boards.shrink.scopes import FUNCTIONS, Function, bound, parameters
from host_tools.boards.shrink.trees import Transformer, walk

_BUILTIN_NAMES = frozenset(dir(builtins))


def rename(tree: ast.Module, names: Names) -> ast.Module:
    """`tree` with the new names, those of parameters and locals among them."""
    _Rename(names).visit(tree)
    return ast.fix_missing_locations(tree)


class _Rename(Transformer):
    def __init__(self, names: Names) -> None:
        self._names = names
        self._scopes: list[dict[str, str]] = []

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._new(node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if not self._is_module(node.value):
            node.attr = self._names.attributes.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._new(name) for name in node.names]
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and self._new(node.name)
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        known = node.asname or node.name
        if self._scopes and self._new(known) != known:
            node.asname = self._new(known)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._new(node.name)
        for member in node.body:
            if isinstance(member, ast.FunctionDef):
                member.name = self._names.attributes.get(member.name, member.name)
        node.bases = [self.visit(base) for base in node.bases]
        for each in node.body:
            if isinstance(each, FUNCTIONS):
                self._function(each)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._new(node.name)
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.name = self._new(node.name)
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._function(node)

    def _function(self, node: Function) -> Function:
        node.args.defaults = [self.visit(each) for each in node.args.defaults]
        self._scopes.append(self._locals(node))
        for parameter in parameters(node):
            parameter.arg = self._new(parameter.arg)
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = [self.visit(each) for each in node.body]
        self._scopes.pop()
        return node

    def _locals(self, node: Function) -> dict[str, str]:
        """New names that hide nothing that is used in there; a parameter's is kept if a call names it."""
        own = [parameter.arg for parameter in parameters(node)]
        new = {name: name for name in own if name in self._names.keywords}
        taken = set(new.values()) | self._seen_in(node)
        free = (name for name in dict.fromkeys((*self._names.pool, *short_names())) if name not in taken)
        for name in [*own, *sorted(bound(node) - set(own))]:
            if name not in new:
                new[name] = next(free)
        return new

    def _seen_in(self, node: Function) -> set[str]:
        """What the function and those in it use of the world around, as it will be called."""
        names = {each.id for each in walk(node) if isinstance(each, ast.Name)}
        return {self._new(name) for name in names - bound(node)} | _BUILTIN_NAMES

    def _is_module(self, node: ast.expr) -> bool:
        """Whether it is a module of MicroPython's or umqtt's, whose attributes are theirs."""
        if not isinstance(node, ast.Name) or any(node.id in scope for scope in self._scopes):
            return False
        return node.id in self._names.modules

    def _new(self, name: str) -> str:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return self._names.top.get(name, name)
