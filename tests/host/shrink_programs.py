"""Programs that are run as they stand and shrunk: order of evaluation, ways out of a function, classes."""

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
