"""Short names for long ones, the same all through the agent.

A name is left alone if anybody else might know it: what MicroPython or umqtt call theirs, what an
application calls, what a text of the sources spells (it may be a key or go to getattr), and keywords of
calls. So only what the agent defines itself, and uses itself, is renamed.
"""

import ast
import builtins
import keyword
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product, zip_longest

from host_tools.boards.shrink.order import INTERNED_CHARS
from host_tools.boards.shrink.scopes import (
    DEFINITIONS,
    FUNCTIONS,
    assigned,
    globals_of,
    imported,
    parameters,
)
from host_tools.boards.shrink.trees import walk

# What an application calls, and `main.py`.
API = frozenset(("publish", "subscribe", "online", "main"))
# Attributes of MicroPython's own objects that may share a name with one of ours.
# tests/host/test_shrink.py asks the VM and the stand-ins for more.
FOREIGN = frozenset(
    [
        "active",
        "close",
        "connect",
        "errno",
        "feed",
        "flush",
        "join",
        "listen",
        "names",
        "open",
        "peek",
        "read",
        "register",
        "remove",
        "reset",
        "reset_cause",
        "send",
        "status",
        "unique_id",
        "value",
        "write",
    ]
)
_BUILT_IN = frozenset(
    name
    for kind in (str, bytes, bytearray, list, dict, set, tuple, int, memoryview, OSError, property)
    for name in dir(kind)
)
# Whatever anybody else may call.
KNOWN = API | FOREIGN | _BUILT_IN
_BUILTINS = frozenset(dir(builtins))
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The format of .mpy files knows these by number, and each firmware has them in its ROM: they take less of
# a file than one letter does, and nothing of the heap. The second text are names of MicroPython's own, which
# are free where the agent does not use what they stand for.
_NUMBERED = """\
append builtins bytecode clear copy count end endswith extend find from_bytes get index insert isalpha
isdigit islower isspace isupper items key keys little lower lstrip pop popitem readinto readline replace
reverse rfind rindex rsplit rstrip self sep setdefault sort split start startswith step stop strip throw
to_bytes update upper values"""
_NUMBERED_BUILTINS = """\
abs all any bool bytearray bytes callable chr dict dir divmod format getattr hasattr hash id int isinstance
issubclass iter len list map next object ord pow repr round set setattr sorted str sum tuple zip
ArithmeticError AssertionError AttributeError EOFError ImportError IndentationError IndexError KeyError
LookupError MemoryError NameError NotImplementedError OverflowError RuntimeError StopIteration SyntaxError
SystemExit TypeError ValueError ZeroDivisionError"""


def short_names() -> Iterator[str]:
    """The cheapest first; none that Python reads as something else."""
    yield from (*_NUMBERED.split(), *_NUMBERED_BUILTINS.split(), *_LETTERS)
    for pair in product(_LETTERS, _LETTERS + "0123456789"):
        name = "".join(pair)
        if not keyword.iskeyword(name):
            yield name


@dataclass(frozen=True)
class Names:
    """New names by old ones; `pool` is all of the new ones, the most used first."""

    top: dict[str, str]
    attributes: dict[str, str]
    pool: tuple[str, ...]
    keywords: frozenset[str]
    modules: frozenset[str]


def choose(tree: ast.Module, entry: str, foreign: Collection[str]) -> Names:
    """Short names for what `tree` defines, except `entry`, which becomes its plain last part.

    A global and an attribute never meet, so they share the short names, and each counts once. No
    function shares one with a method, so that a traceback without line numbers tells them apart.
    """
    nodes = list(walk(tree))
    keywords = {each.arg for each in nodes if isinstance(each, ast.keyword) and each.arg}
    spelled = {each.value for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    kept = KNOWN | keywords | spelled | set(foreign)
    top = {name: each for each in tree.body for name in assigned(each) if name != entry}
    functions = [name for name, each in top.items() if isinstance(each, FUNCTIONS)]
    others = [name for name in top if name not in functions] + sorted(globals_of(tree))
    own = own_attributes(tree)
    methods, data = (sorted(found - kept) for found in own)
    used = Counter(each.id for each in nodes if isinstance(each, ast.Name))
    read = Counter(each.attr for each in nodes if isinstance(each, ast.Attribute))
    # The two that may share stand in one row, the most used first: it gets the cheapest names.
    rows = [*_paired(functions, used, data, read), *_paired(others, used, methods, read)]
    rows.sort(key=lambda row: -row[0])
    named = _named_by_calls(tree, keywords)
    taken = (kept & (own[0] | own[1])) | (used.keys() & _BUILTINS) | imported(tree) | {*foreign, *named}
    pool = _new_names(rows, _there(nodes, {*methods, *data} | taken | API), imported(tree), nodes, taken)
    new_top = {old: new for (_, old, _), new in zip(rows, pool, strict=True)} | {
        entry: entry.rpartition(".")[2]
    }
    new_attributes = {old: new for (_, _, old), new in zip(rows, pool, strict=True)}
    return Names(new_top, new_attributes, tuple(pool), named, imported(tree))


def _there(nodes: list[ast.AST], taken: Collection[str]) -> list[str]:
    """The names that a file has in any case, as texts or somebody else's: to use them again costs nothing."""
    found: set[str] = set()
    for node in nodes:
        match node:
            case ast.Constant(str(text)) if len(text) <= INTERNED_CHARS:
                found.add(text)
            case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                found.add(name)
    return sorted(each for each in found - {*taken} if each.isidentifier() and _is_free(each))


def _is_free(name: str) -> bool:
    return not (keyword.iskeyword(name) or name.startswith("_") or name in _BUILTINS)


def _new_names(
    rows: list[tuple[int, str, str]],
    there: list[str],
    modules: frozenset[str],
    nodes: list[ast.AST],
    taken: Collection[str],
) -> list[str]:
    """One for each row; for an attribute none that an object which is not ours may have."""
    of_objects = {
        each.attr
        for each in nodes
        if isinstance(each, ast.Attribute)
        and not (isinstance(each.value, ast.Name) and each.value.id in modules)
    }
    for_members = [each for each in there if each not in of_objects | KNOWN]
    for_globals = [each for each in there if each in of_objects | KNOWN]
    fresh = (each for each in short_names() if each not in taken and each not in there)
    made = []
    for _, _, member in rows:
        choice = [for_members] if member else [for_globals, for_members]
        made.append(next((each.pop(0) for each in choice if each), None) or next(fresh))
    return made


def _paired(
    top: list[str], used: Counter[str], attributes: list[str], read: Counter[str]
) -> Iterator[tuple[int, str, str]]:
    """(uses, a global, an attribute), each with its like in rank; empty where there is none left."""
    globals_ = sorted(top, key=lambda name: -used[name])
    members = sorted(attributes, key=lambda name: -read[name])
    for name, member in zip_longest(globals_, members, fillvalue=""):
        yield used[name] + read[member], name, member


def _named_by_calls(tree: ast.Module, keywords: set[str]) -> frozenset[str]:
    """Parameters that calls name: by keyword, or by the keys of a dict given with `**`."""
    calls = [each for each in walk(tree) if isinstance(each, ast.Call)]
    spread = {ast.unparse(call.func) for call in calls if any(each.arg is None for each in call.keywords)}
    made = [each for each in tree.body if isinstance(each, DEFINITIONS) and each.name in spread]
    functions = [each for one in made for each in walk(one) if isinstance(each, FUNCTIONS)]
    return frozenset(
        keywords | {each.arg for function in functions for each in parameters(function)} - {"self"}
    )


def own_attributes(tree: ast.Module) -> tuple[set[str], set[str]]:
    """(methods of the classes in it, what they set on `self`); names like `__len__` apart."""
    methods, data = set(), set()
    for definition in (each for each in tree.body if isinstance(each, ast.ClassDef)):
        for node in walk(definition):
            match node:
                case ast.Attribute(ast.Name(id="self"), attr, ast.Store()):
                    data.add(attr)
                case ast.FunctionDef(name=name) if node in definition.body:
                    methods.add(name)
    return {name for name in methods if not name.startswith("__")}, data - methods
