"""Runs tests of one unittest file inside MicroPython and tells what became of each.

Arguments: a mark, the module's name, the tests as `Class::test`. Each event is one line:
the mark, a blank, a JSON object. The host chose the mark by chance, so nothing that a test
prints can be taken for an event. The host counts on the last event: without it, no result
stands.
"""

import gc
import io
import json
import sys
import unittest

import tally

MARK = sys.argv[1]


def tell(event, **fields):
    """One event to the host, on a line of its own whatever a test has printed before."""
    fields["event"] = event
    print("\n%s %s" % (MARK, json.dumps(fields)))


def trace(error):
    """The traceback as text."""
    text = io.StringIO()
    sys.print_exception(error, text)
    return text.getvalue()


def cases(module):
    """{name: class} of the test cases in the module."""
    found = {}
    for name in dir(module):
        value = getattr(module, name)
        if isinstance(value, type) and issubclass(value, unittest.TestCase):
            found[name] = value
    return found


def names(classes):
    """All tests that the module holds, those of base classes too."""
    return ["%s::%s" % (c, t) for c in classes for t in dir(classes[c]) if t.startswith("test")]


def run(case, name):
    """One test on an instance of its own, between setUp and tearDown where there are such."""
    getattr(case, "setUp", nothing)()
    try:
        getattr(case, name)()
    finally:
        getattr(case, "tearDown", nothing)()


def nothing():
    """Stands in for a setUp or tearDown that a class does not have."""


def judge(case, name):
    """(outcome, text) of one test."""
    try:
        run(case, name)
    except unittest.SkipTest as reason:
        return "skipped", str(reason)
    except AssertionError as error:
        return "failed", trace(error)
    # A test that leaves by SystemExit must not end the run with nothing said.
    except BaseException as error:
        return "error", trace(error)
    return "passed", ""


def main(module_name, wanted):
    """Imports the file and runs what is wanted of it."""
    try:
        module = __import__(module_name)
    except BaseException as error:
        tell("import-failed", text=trace(error))
        return
    classes = cases(module)
    tell("found", tests=names(classes))
    for test in wanted:
        class_name, name = test.split("::")
        gc.collect()
        tell("start", test=test)
        outcome, text = judge(classes[class_name](), name)
        tell("end", test=test, outcome=outcome, text=text)
    tell("done", count=len(wanted), lines=tally.numbers())


main(sys.argv[2], sys.argv[3:])
