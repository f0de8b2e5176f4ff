"""`ast.walk` and its like, for hundreds of passes: contexts and operators are passed over."""

import ast

# Their values are names, numbers, or nodes that stand for a word: no pass looks for one, except by its owner.
_WORDS = frozenset(
    [
        "arg",
        "asname",
        "attr",
        "conversion",
        "ctx",
        "id",
        "is_async",
        "kind",
        "level",
        "module",
        "name",
        "op",
        "ops",
        "simple",
        "type_comment",
    ]
)


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    """Those below which nodes may be, by kind of node."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        none = issubclass(kind, ast.Constant | ast.Global | ast.Nonlocal)
        self[kind] = () if none else tuple(each for each in kind._fields if each not in _WORDS)
        return self[kind]


_FIELDS = _Fields()


def parts(node: ast.AST) -> list[tuple[str, ast.AST]]:
    """The nodes right below, in the order of the text, each with the field that it is in."""
    found = []
    for field in _FIELDS[type(node)]:
        value = getattr(node, field, None)
        if isinstance(value, list):
            found += [(field, each) for each in value if isinstance(each, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append((field, value))
    return found


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below, in the order of the text."""
    return [each for _, each in parts(node)]


def walk(node: ast.AST) -> list[ast.AST]:
    """The node and all that is below, level by level, as it is now."""
    found = [node]
    for each in found:
        # As `parts`, written out: it is the innermost loop of a build.
        for field in _FIELDS[type(each)]:
            value = getattr(each, field, None)
            if isinstance(value, list):
                found += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


class Transformer(ast.NodeTransformer):
    """Visits what `walk` finds."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in _FIELDS[type(node)]:
            value = getattr(node, field, None)
            if isinstance(value, list):
                value[:] = [new for each in value for new in self._visited(each)]
            elif isinstance(value, ast.AST):
                new = self.visit(value)
                if new is None:
                    delattr(node, field)
                else:
                    setattr(node, field, new)
        return node

    def _visited(self, each: object) -> list[object]:
        """What stands in a list in place of one: any number."""
        if not isinstance(each, ast.AST):
            return [each]
        new = self.visit(each)
        if new is None:
            return []
        return new if isinstance(new, list) else [new]
