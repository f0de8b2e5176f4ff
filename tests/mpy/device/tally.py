"""Which lines of the instrumented modules ran, counted inside the interpreter.

An instrumented module asks for its bytes once, then sets the byte of each line it reaches.
"""

reached = {}


def lines(name, count):
    """The bytes of the module `name`, one for each of its `count` lines, and one for line 0."""
    reached[name] = bytearray(count + 1)
    return reached[name]


def numbers():
    """{module's name: the numbers of the lines reached}."""
    return {name: [n for n, hit in enumerate(reached[name]) if hit] for name in reached}
