"""What a module of MicroPython's has and the agent names often becomes a global of the agent."""

import ast
from collections import Counter

from host_tools.boards.shrink.scopes import FUNCTIONS
from host_tools.boards.shrink.trees import Transformer, walk

# To make a global costs six bytes, and each use of it is two shorter.
_OFTEN = 4
_ALIAS = "alias."


def alias(tree: ast.Module) -> ast.Module:
    """`tree` with such globals behind its imports."""
    stored = {ast.unparse(each) for each in _attributes(tree) if not isinstance(each.ctx, ast.Load)}
    modules = _modules(tree)
    uses = Counter(
        (each.value.id, each.attr)
        for each in _attributes(tree)
        if isinstance(each.value, ast.Name) and each.value.id in modules
    )
    often = {key for key, count in uses.items() if count >= _OFTEN and ".".join(key) not in stored}
    _Alias(often).visit(tree)
    first = sum(isinstance(each, (ast.Import, ast.ImportFrom)) for each in tree.body)
    tree.body[first:first] = [_made(module, name, tree.body[0]) for module, name in sorted(often)]
    return ast.fix_missing_locations(tree)


def _attributes(tree: ast.Module) -> list[ast.Attribute]:
    """Those in functions; what a module does when it is imported is done once."""
    functions = [each for each in walk(tree) if isinstance(each, FUNCTIONS)]
    found = {id(each): each for one in functions for each in walk(one) if isinstance(each, ast.Attribute)}
    return list(found.values())


def _modules(tree: ast.Module) -> set[str]:
    """Modules imported at the top."""
    imports = [each for each in tree.body if isinstance(each, ast.Import)]
    return {known.asname or known.name for each in imports for known in each.names}


def _made(module: str, name: str, place: ast.stmt) -> ast.stmt:
    value = ast.Attribute(ast.Name(module, ast.Load()), name, ast.Load())
    made = ast.Assign([ast.Name(f"{_ALIAS}{module}.{name}", ast.Store())], value)
    made.origin, made.place = place.origin, place.place  # type: ignore[attr-defined]
    return ast.copy_location(made, place)


class _Alias(Transformer):
    def __init__(self, often: set[tuple[str, str]]) -> None:
        self._often = often

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        match node.value:
            case ast.Name(id=module) if (module, node.attr) in self._often:
                return ast.copy_location(ast.Name(f"{_ALIAS}{module}.{node.attr}", ast.Load()), node)
        return self.generic_visit(node)
