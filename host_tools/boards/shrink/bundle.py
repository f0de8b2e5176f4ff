"""The agent as one small module: flattened, without what a build has not, with short names, and its map."""

import ast
import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from host_tools.boards.shrink import names, order, shake, texts
from host_tools.boards.shrink.alias import alias
from host_tools.boards.shrink.classes import drop_bases, made_empty, make_empty
from host_tools.boards.shrink.dead import drop_dead
from host_tools.boards.shrink.dissolve import dissolve
from host_tools.boards.shrink.flatten import PACKAGE, flatten
from host_tools.boards.shrink.forms import shorter
from host_tools.boards.shrink.inline import inline
from host_tools.boards.shrink.linemap import LineMap, Place
from host_tools.boards.shrink.packed import pack
from host_tools.boards.shrink.rename import rename
from host_tools.boards.shrink.scopes import DEFINITIONS, declare
from host_tools.boards.shrink.slots import hand_on, share
from host_tools.boards.shrink.small import inline_small
from host_tools.boards.shrink.trees import children, walk

ENTRY = "agent.main"
SWITCHES = "features"
_ID_CHARS = 8


@dataclass(frozen=True)
class Bundle:
    """`text` is Python, `shown_as` the file that its tracebacks name, `map` what undoes that."""

    text: str
    shown_as: str
    map: LineMap

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Bundle":
        """What `dataclasses.asdict` made of one; TypeError if it did not."""
        return cls(**{**kept, "map": LineMap(**kept["map"])})


def bundle(sources: Mapping[str, str], without: Collection[str], umqtt: str) -> Bundle:
    """The agent without the features in `without`. `sources`: module name to text; `umqtt`: umqtt.simple's.

    The same sources give the same bundle; any difference gives it another name.
    """
    foreign = _identifiers(umqtt)
    settings = {f"{SWITCHES}.{name.upper()}": name not in without for name in switches(sources)}
    tree = shake.fold(flatten(sources, ENTRY.partition(".")[0]), settings)
    if "texts" in without:
        tree = texts.shorten(tree)
    tree = shake.inline_constants(tree)
    tree = shake.shake(tree, ENTRY, foreign | names.API)
    # What fell out may leave a constant with one use.
    tree = shake.inline_constants(tree)
    for statement, inside in _walk(tree):
        statement.place = [_place(statement, inside)]  # type: ignore[attr-defined]
    tree = alias(drop_bases(pack(tree)))
    tree = dissolve(tree, ENTRY, foreign | names.KNOWN)
    tree = drop_dead(tree, foreign | names.KNOWN)
    tree = inline_small(tree, ENTRY, foreign | names.KNOWN)
    tree = inline(tree, ENTRY, foreign | names.KNOWN)
    tree = inline_small(hand_on(tree), ENTRY, foreign | names.KNOWN)
    tree = drop_dead(tree, foreign | names.KNOWN)
    tree = shorter(share(hand_on(tree)))
    declare(tree)
    tree = order.in_front(make_empty(rename(tree, names.choose(tree, ENTRY, foreign))))
    places = [_shown(statement) for statement, _ in _walk(tree)]
    text = ast.unparse(tree) + "\n"
    shown_as = f"{PACKAGE}-{hashlib.sha256(text.encode()).hexdigest()[:_ID_CHARS]}"
    return Bundle(text, shown_as, _map(shown_as, text, places))


def _map(name: str, text: str, places: list[list[Place]]) -> LineMap:
    """`places` are those of the statements, in the order of `text`."""
    lines: dict[str, list[Place]] = {}
    functions: dict[str, list[Place]] = {}
    classes = {}
    for (statement, _), place in zip(_walk(ast.parse(text)), places, strict=True):
        lines[str(statement.lineno)] = place
        if isinstance(statement, ast.ClassDef):
            classes[statement.name] = str(place[-1][2])
        elif name_of_class := made_empty(statement):
            classes[name_of_class] = str(place[-1][2])
        elif isinstance(statement, DEFINITIONS):
            functions.setdefault(statement.name, []).append(place[-1])
    return LineMap(name, lines, functions, classes)


def switches(sources: Mapping[str, str]) -> list[str]:
    """The features that the sources know, in small letters."""
    tree = ast.parse(sources[SWITCHES])
    return [
        target.id.lower()
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]


def _identifiers(source: str) -> set[str]:
    """All names in a source that is not ours: of what it calls, and of what it may be called by."""
    nodes = list(walk(ast.parse(source)))
    found = {each.attr for each in nodes if isinstance(each, ast.Attribute)}
    return found | {each.name for each in nodes if isinstance(each, DEFINITIONS)}


def _walk(node: ast.AST, inside: tuple[str, ...] = ()) -> Iterator[tuple[ast.stmt, tuple[str, ...]]]:
    """Every statement below `node` in the order of the text, with the definitions around it."""
    for child in children(node):
        if isinstance(child, ast.stmt):
            own = (*inside, child.name) if isinstance(child, DEFINITIONS) else inside
            yield child, own
            yield from _walk(child, own)
        else:
            yield from _walk(child, inside)


def _shown(statement: ast.stmt) -> list[Place]:
    """Its places, that of the call before its own; a definition's with the functions that went into it."""
    *calls, (file, line, function) = statement.place  # type: ignore[attr-defined]
    merged = getattr(statement, "merged", ())
    return [*calls, [file, line, f"{function} (with {', '.join(merged)})" if merged else function]]


def _place(statement: ast.stmt, inside: tuple[str, ...]) -> Place:
    """Before anything is renamed."""
    function = ".".join(inside).partition(".")[2] or "<module>"
    return [f"{PACKAGE}/{statement.origin}.py", statement.lineno, function]  # type: ignore[attr-defined]
