"""The agent as one small file: it means what the sources mean, and its tracebacks can be read."""

import ast
import json
from pathlib import Path

import pytest

from devcred import features as switches_module
from host_tools import paths
from host_tools.boards import agent_sources
from host_tools.boards.features import all_features, chosen
from host_tools.boards.mpy import compile_code
from host_tools.boards.shrink import linemap, names, texts
from host_tools.boards.shrink.bundle import Bundle, bundle
from host_tools.errors import UsageError
from tests.mpy import vm

STAND_INS = paths.FIRMWARE.parent / "host_tools" / "vboard" / "device"

AGENT = """\
'''Docstring.'''
import time

from micropython import const

from devcred import features, helper
from devcred.helper import Worker

_LIMIT = const(40 + 2)
TABLE = {"work": helper.LONG}

if features.EXTRA:
    from devcred import extra


def main():
    worker = Worker(_LIMIT, shown=True)
    print(worker.limit(), getattr(worker, "spelled"), TABLE["work"], worker.ticks() >= 0)
    if features.EXTRA:
        extra.more(worker)
    worker.break_it()


def unused():
    return Worker
"""
HELPER = """\
import time

LONG = "a text that is longer than what is kept as a name"


class BrokenError(Exception):
    pass


class Worker:
    def __init__(self, limit, shown=False):
        self._limit = limit
        self.spelled = shown

    def limit(self):
        return [limit * 2 for limit in (self._limit,)][0]

    def ticks(self):
        return time.ticks_ms()

    def break_it(self):
        raise BrokenError("no %s" % self._limit)

    def never(self):
        return LONG
"""
SOURCES = {
    "agent": AGENT,
    "helper": HELPER,
    "extra": "def more(worker):\n    print('extra', worker.limit())\n",
    "features": "EXTRA = True\nTEXTS = True\n",
}


def run(made: Bundle, tmp_path: Path, lines: bool = True) -> list[str]:
    """What the bundle prints in the real MicroPython, tracebacks decoded."""
    (tmp_path / "agent.mpy").write_bytes(compile_code(made.text.encode(), made.shown_as, "x", lines=lines))
    script = tmp_path / "script"
    script.write_text("import agent\nagent.main()\n")
    ended = vm.run(script, [], path=[tmp_path], cwd=tmp_path, deadline_s=20)
    return list(linemap.decode(ended.stdout.splitlines(keepends=True), [made.map]))


def test_it_does_what_the_sources_do_and_its_traceback_names_their_lines(tmp_path: Path) -> None:
    printed = run(bundle(SOURCES, (), ""), tmp_path)
    assert printed[:2] == [
        "84 True a text that is longer than what is kept as a name True\n",
        "extra 84\n",
    ]
    raised = HELPER.splitlines().index('        raise BrokenError("no %s" % self._limit)') + 1
    assert f'  File "devcred/helper.py", line {raised}, in Worker.break_it\n' in printed
    assert any(line.startswith('  File "devcred/agent.py"') and "in main" in line for line in printed)
    assert printed[-1] == "BrokenError: no 42\n"


def test_without_line_numbers_the_function_is_still_named(tmp_path: Path) -> None:
    printed = run(bundle(SOURCES, (), ""), tmp_path, lines=False)
    frame = next(line for line in printed if "devcred/agent.py" in line)
    assert "in main (with " in frame and "Worker.break_it" in frame


def test_what_a_build_leaves_out_is_gone_with_all_that_only_it_needs(tmp_path: Path) -> None:
    made = bundle(SOURCES, ("extra",), "")
    assert "extra" not in made.text and "unused" not in made.text
    assert not any("extra" in line for line in run(made, tmp_path))
    assert len(made.text) < len(bundle(SOURCES, (), "").text)


def test_a_build_without_texts_prints_numbers_that_the_host_reads(tmp_path: Path) -> None:
    printed = run(bundle(SOURCES, ("texts",), ""), tmp_path)
    assert printed[-1] == f"BrokenError: {texts.token('no %s')}\n"
    assert texts.read(printed[-1], texts.tokens(SOURCES.values())) == "BrokenError: no %s\n"


def test_the_same_sources_give_the_same_file_and_others_another_name() -> None:
    first, again = bundle(SOURCES, (), ""), bundle(SOURCES, (), "")
    assert (first.text, first.shown_as) == (again.text, again.shown_as)
    assert bundle(SOURCES, ("extra",), "").shown_as != first.shown_as


@pytest.mark.parametrize(
    "line", ["for i in range(3):\n    pass", "print('at import')", "while False:\n    pass"]
)
def test_what_would_run_at_import_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="devcred/helper.py: line 1: only imports, definitions"):
        bundle(SOURCES | {"helper": line + "\n" + HELPER}, (), "")


def test_a_map_is_kept_and_found_by_the_tracebacks_name(tmp_path: Path) -> None:
    made = bundle(SOURCES, (), "")
    made.map.keep(tmp_path)
    assert linemap.find(made.shown_as, tmp_path) == made.map
    assert linemap.find("devcred-00000000", tmp_path) is None
    spoilt = tmp_path / "x.json"
    spoilt.write_text("{}")
    with pytest.raises(UsageError, match="is no map of a bundle"):
        linemap.load(spoilt)


def test_no_two_texts_of_the_agent_have_one_number() -> None:
    raised = list(agent_sources.sources().values())
    assert len(texts.tokens(raised)) == len(texts.raised(raised)) > 50


def test_the_names_used_most_are_told_in_one_byte_and_nothing_else_changes(tmp_path: Path) -> None:
    """150 names that are used once each, before one that is used 200 times."""
    rare = "".join(f"    print('{number:03d}x')\n" for number in range(150))
    often = "    often('y')\n    often('z')\n" * 100
    text = f"def main():\n{rare}{often}\ndef often(x):\n    print(x)\n"
    made = bundle({"agent": text, "features": "TEXTS = True\n"}, (), "")
    before = made.text.partition("def ")[2]
    as_met = compile_code(f"def {before}".encode(), made.shown_as, "x", lines=False)
    assert len(compile_code(made.text.encode(), made.shown_as, "x", lines=False)) < len(as_met) - 350
    numbers = [f"{number:03d}x\n" for number in range(150)]
    assert run(made, tmp_path) == [*numbers, *(["y\n", "z\n"] * 100)]


def test_every_feature_can_be_left_out_alone() -> None:
    assert [name for name in all_features() if name != "lines"] == [
        name.lower() for name in vars(switches_module) if name.isupper()
    ]
    whole = len(agent_sources.small(chosen(["whole"], "test"))[0])
    for left_out in all_features():
        carried = [name for name in chosen(["whole"], "test") if name != left_out]
        code, made = agent_sources.small(chosen(carried, "test"))
        compile(made.text, made.shown_as, "exec")
        assert len(code) <= whole


def test_a_feature_brings_what_it_needs_and_an_unknown_one_is_refused() -> None:
    assert chosen(["commands"], "x") == ["outbox", "commands"]
    assert chosen(["connect"], "x") == []
    with pytest.raises(UsageError, match="^x: no feature 'outbx', did you mean outbox"):
        chosen(["outbx"], "x")


# Asked of the real interpreter: whatever its modules and their classes have.
_ASK = """
import sys
seen = set()
for name in ("array asyncio binascii collections errno gc hashlib io json machine math micropython os "
             "random re select socket ssl struct sys time vfs").split():
    try:
        module = __import__(name)
    except ImportError:
        continue
    for one in dir(module):
        seen.add(one)
        try:
            seen.update(dir(getattr(module, one)))
        except AttributeError:
            pass
import asyncio, hashlib, select, socket
for one in (select.poll(), socket.socket(), open("script"), hashlib.sha1(), asyncio.get_event_loop()):
    seen.update(dir(one))
print(" ".join(sorted(seen)))
"""


def test_no_name_that_micropython_uses_on_its_objects_is_renamed(tmp_path: Path) -> None:
    """A method of ours that shares its name with one of theirs must stand in names.FOREIGN."""
    script = tmp_path / "script"
    script.write_text(_ASK)
    theirs = set(vm.run(script, [], path=[], cwd=tmp_path, deadline_s=20).stdout.split())
    for file in STAND_INS.glob("*.py"):
        theirs |= {
            node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)
        }
    used = _read_on_objects()
    _, made = agent_sources.small(agent_sources.switches(agent_sources.sources()))
    renamed = _own() - _attributes(made.text)
    # A class that was one of a kind has no attributes left, whatever they were called.
    assert (renamed - names.FOREIGN) & theirs & used == set()
    assert {"feed", "reset", "write"} <= names.FOREIGN


def _own() -> set[str]:
    trees = [ast.parse(text) for text in agent_sources.sources().values()]
    return {name for tree in trees for found in names.own_attributes(tree) for name in found}


def _read_on_objects() -> set[str]:
    """Attributes that the sources read on what is neither `self` nor a module."""
    found = set()
    for text in agent_sources.sources().values():
        nodes = list(ast.walk(ast.parse(text)))
        imports = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
        apart = {"self"} | {alias.asname or alias.name for node in imports for alias in node.names}
        for node in nodes:
            if isinstance(node, ast.Attribute):
                on = node.value.id if isinstance(node.value, ast.Name) else ""
                found |= {node.attr} - ({node.attr} if on in apart else set())
    return found


def _attributes(text: str) -> set[str]:
    tree = ast.parse(text)
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_what_others_call_keeps_its_name() -> None:
    made = agent_sources.small(chosen(["whole"], "test"))[1]
    assert {"publish", "subscribe", "online", "main", "wait_msg", "setblocking"} <= _attributes(made.text)
    json.dumps(made.map.lines)
