"""Classes that only have a name: those that nobody asks for go, the others are made by a call of `type`."""

import ast
from collections import Counter

from host_tools.boards.shrink.exits import like
from host_tools.boards.shrink.trees import walk


def make_empty(tree: ast.Module) -> ast.Module:
    """`tree` with a shorter way to make its empty classes; they have their last names already."""
    tree.body = [_made(each) if _is_empty(each) else each for each in tree.body]
    return ast.fix_missing_locations(tree)


def made_empty(statement: ast.stmt) -> str:
    """The name of the class that `make_empty` put there; empty if it did not."""
    match statement:
        case ast.Assign([ast.Name(id=name)], ast.Call(ast.Name(id="type"), [_, ast.Tuple(), ast.Dict()])):
            return name
    return ""


def _is_empty(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.ClassDef)
        and all(isinstance(each, ast.Pass) for each in statement.body)
        and not statement.decorator_list
    )


def drop_bases(tree: ast.Module) -> ast.Module:
    """`tree` without empty classes that are bases alone."""
    classes = [each for each in tree.body if isinstance(each, ast.ClassDef)]
    uses = Counter(each.id for each in walk(tree) if isinstance(each, ast.Name))
    bases = Counter(each.id for one in classes for each in one.bases if isinstance(each, ast.Name))
    gone = {each.name: each for each in classes if _is_empty(each) and uses[each.name] == bases[each.name]}
    for one in classes:
        match one.bases:
            case [ast.Name(id=name)] if name in gone:
                one.bases = gone[name].bases
    tree.body = [each for each in tree.body if each not in gone.values()]
    return tree


def _made(statement: ast.stmt) -> ast.stmt:
    assert isinstance(statement, ast.ClassDef)
    name, bases = statement.name, statement.bases
    arguments = [ast.Constant(name), ast.Tuple(bases, ast.Load()), ast.Dict([], [])]
    value = ast.Call(ast.Name("type", ast.Load()), arguments, [])
    return like(ast.Assign([ast.Name(name, ast.Store())], value), statement)
