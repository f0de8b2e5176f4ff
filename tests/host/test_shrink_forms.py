"""What the shrinker does changes nothing that code does: programs before and after, run by both Pythons."""

import contextlib
import io
from pathlib import Path

import pytest

from host_tools.boards.mpy import compile_code
from host_tools.boards.shrink.bundle import Bundle, bundle
from tests.mpy import vm

# Calls that would be put elsewhere, with what shows when each part is evaluated.
ORDER = """
def say(word, value=None):
    print(word)
    return value

def once(a, b, c=3):
    print("once", a, b, c)
    if a > 5:
        return b
    for n in range(c):
        if n == a:
            return n
        print("n", n)
    return -1

def left():
    return say("left", 2)

def right(x):
    y = say("right", 3)
    return x * y

def second(b, a):
    return say("second", b - a)

class Box:
    def __init__(self, value):
        self.value = value

    def turned(self, by):
        self.value = say("turned", self.value + by)
        return self.value

def box():
    return say("box", Box(10))

def main():
    print(once(say("a", 1), b=say("b", 2), c=say("c", 4)))
    print(left() + right(say("x", 5)) - second(a=say("p", 1), b=say("q", 9)))
    one = box()
    print([one.value, one.turned(say("by", 4)), one.value])
    if say("no") or right2():
        print("then")
    one.value += late()
    print(one.value)

def right2():
    return say("right2", True)

def late():
    return say("late", 7)
"""

# Returns from within loops, try and with, and exceptions that cross what was put together.
EXITS = """
class Held:
    def __enter__(self):
        print("in")
        return self

    def __exit__(self, *_why):
        print("out")

def number(text):
    try:
        return int(text)
    except ValueError as error:
        print("bad", text)
        return None
    finally:
        print("finally", text)

def found(items, wanted):
    for at, item in enumerate(items):
        if item == wanted:
            return at
    return None

def checked(value):
    if value is None:
        raise ValueError("none")
    if value < 0:
        return "negative"
    if value == 0:
        return "zero"
    while True:
        value -= 2
        if value <= 0:
            return "even" if value == 0 else "odd"

def inside(value):
    with Held():
        return value + 1

def guarded(value):
    try:
        word = checked(value)
    except ValueError as error:
        return "error " + str(error)
    return word.upper()

def nested(values):
    out = []
    for value in values:
        try:
            if value == 2:
                continue
            out.append(10 // value)
        except ZeroDivisionError:
            break
        finally:
            out.append("f")
    else:
        out.append("else")
    return out

def main():
    for text in ("4", "x", "0", "-3", "7"):
        value = number(text)
        print(value, guarded(value))
    print(found("abc", "b"), missing())
    got = inside(3)
    print(got)
    print(nested([1, 2, 5]), other())
    try:
        fails()
    except LookupError as error:
        print("key", error)

def missing():
    return found("abc", "z")

def other():
    return nested([5, 0, 1])

def fails():
    try:
        raise LookupError("gone")
    finally:
        print("cleaned")
"""

# One of a kind, and not: what is made in a loop, kept in a list, or made of two classes stays a class.
CLASSES = """
class Error(Exception):
    pass

class Named(Error):
    pass

class Coded(Error):
    def __init__(self, code):
        super().__init__(code)
        self.code = code

class Lamp:
    def __init__(self, level):
        self._level = level
        self.unused = level * 2
        self.on = False

    def switch(self):
        self.on = not self.on
        return self._level if self.on else 0

    def twice(self):
        return self.switch() + self.switch()

class Room:
    def __init__(self, lamp, call):
        self._lamp = lamp
        self._call = call
        self._door = None
        self.lamp_on = lambda: lamp.on

    def open(self):
        if self._door is None:
            self._door = "open"
            self._call(self._lamp.switch)
        elif self._lamp is not None:
            self._lamp.on = True
        return self._door

class Many:
    def __init__(self, n):
        self.n = n

    def switch(self):
        return self.n

class Listed:
    def __init__(self):
        self.kept = 1

    def get(self):
        return self.kept

def called(what):
    print("called", what())

def raising(kind):
    if kind:
        raise Coded(7)
    raise Named("n")

def main():
    lamp = Lamp(5)
    room = Room(lamp, called)
    print(room.open(), room.open(), lamp.twice(), room.lamp_on(), lamp.on)
    print([Many(n).switch() for n in range(3)])
    listed = Listed()
    print([each.get() for each in [listed]])
    for kind in (True, False):
        try:
            raising(kind)
        except Coded as error:
            print("code", error.code)
        except Error as error:
            print("error", error)
"""

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
