"""What the shrinker does changes nothing that code does: programs before and after, run by both Pythons."""

import contextlib
import io
from pathlib import Path

import pytest

from host_tools.boards.mpy import compile_code
from host_tools.boards.shrink.bundle import Bundle, bundle
from tests.host.shrink_programs import CLASSES, EXITS, ORDER
from tests.mpy import vm

# What is always alike, what nobody reads, what only hands on; values that stay alive over loops.
VALUES = """
LIMIT = 40 + 2
NAMES = ("a longer text than is a name", "b")

def scaled(value, factor=2, unit="ms", shift=0):
    return "%d%s" % (value * factor + shift, unit)

def noisy(value):
    print("noisy", value)
    return value

def summed(items):
    total = 0
    for item in items:
        part = noisy(item)
        unused = noisy(item + 100)
        total += part
    return total

def filtered(items, least):
    kept = [item for item in items if item > least]
    return sum(item * least for item in kept)

def swapped(a, b):
    a, b = b, a
    return a - b

def counted(n):
    last = first = n
    while n:
        n -= 1
        first, last = last, n
    return first, last

def handed(a):
    b = a
    c = b
    a = 9
    return c + a

def pair():
    return 1, 2

def deferred(calls, word):
    calls.append(lambda: word + str(len(calls)))

def main():
    print(scaled(3), scaled(4), scaled(value=5))
    print(summed([1, 2, 3]), filtered([1, 5, 9], 3), swapped(1, 2), counted(3), handed(4))
    one, two = pair()
    print(one, two, LIMIT, NAMES[0], "b" in NAMES)
    calls = []
    for word in "xy":
        deferred(calls, word)
    print([call() for call in calls])
    x = 5
    try:
        x = risky(x)
    except ValueError as error:
        print("kept", x, error)
    for n in range(3):
        try:
            y = risky(n)
        except ValueError as error:
            y = error
        print(y)

def risky(x):
    if x % 2:
        raise ValueError("odd %d" % x)
    return x
"""

# Enough text to be packed.
TEXTS = (
    "TABLE = {"
    + ", ".join(f'"{word}": "a sentence about {word}, long enough to be packed"' for word in "abcdefgh")
    + "}\n\n"
    + "def told(word):\n    return TABLE[word if word in TABLE else 'a']\n\ndef check(n):\n"
    + "".join(
        f'    if n == {n}:\n        raise ValueError("%d: text number {n} of many" % n)\n' for n in range(12)
    )
    + "    if n == 99:\n        raise ValueError('the text with nothing put into it')\n"
    + """
def main():
    print(told("c"), told("zz"), told("h"))
    for n in (0, 3, 11, 12, 99):
        try:
            check(n)
        except ValueError as error:
            print(error)
"""
)

# More locals in one function than there are short names for its like.
LOCALS = (
    "def main():\n"
    + "".join(f"    v{n} = {n} * len('x')\n" for n in range(300))
    + f"    print({' + '.join(f'v{n}' for n in range(300))})\n"
)

PROGRAMS = {
    "order": ORDER,
    "exits": EXITS,
    "classes": CLASSES,
    "values": VALUES,
    "texts": TEXTS,
    "locals": LOCALS,
}


def by_cpython(text: str) -> str:
    names: dict[str, object] = {"__name__": "agent"}
    exec(compile(text, "program", "exec"), names)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        names["main"]()  # type: ignore[operator]
    return said.getvalue()


def by_micropython(made: Bundle, folder: Path, *, lines: bool) -> str:
    (folder / "agent.mpy").write_bytes(compile_code(made.text.encode(), made.shown_as, "x", lines=lines))
    script = folder / "script"
    script.write_text("import agent\nagent.main()\n")
    ended = vm.run(script, [], path=[folder], cwd=folder, deadline_s=20)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_is_done_in_the_same_order(name: str, tmp_path: Path) -> None:
    made = bundle({"agent": PROGRAMS[name], "features": "TEXTS = True\n"}, (), "")
    said = by_cpython(PROGRAMS[name])
    assert said
    assert by_micropython(made, tmp_path, lines=False) == said
    assert by_micropython(made, tmp_path, lines=True) == said
    if name != "texts":  # deflate is MicroPython's own
        assert by_cpython(made.text) == said


def test_what_can_go_has_gone() -> None:
    """So that the programs above are a test of something."""

    def definitions(name: str) -> int:
        made = bundle({"agent": PROGRAMS[name], "features": "TEXTS = True\n"}, (), "")
        return made.text.count("def ") + made.text.count("class ")

    for name, most in {"order": 9, "exits": 10, "classes": 14, "values": 7}.items():
        before = PROGRAMS[name].count("def ") + PROGRAMS[name].count("class ")
        assert definitions(name) <= most < before, (name, definitions(name), before)
    assert "Lamp" not in str(bundle({"agent": CLASSES, "features": ""}, (), "").map.classes)
    assert "Many" in str(bundle({"agent": CLASSES, "features": ""}, (), "").map.classes)
