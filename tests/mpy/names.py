"""The tests of a unittest file, read from its source without running it."""

import ast
from pathlib import Path


def tests_of(path: Path) -> dict[str, dict[str, int]]:
    """{class: {test: line}} in the order of the source; SyntaxError if it is not Python.

    A class counts when TestCase is among its bases, or a class of the file for which that
    holds; its tests are its own and those it inherits within the file.
    """
    tree = ast.parse(path.read_text("utf-8"), filename=str(path))
    classes: dict[str, dict[str, int]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [ast.unparse(base) for base in node.bases]
        known = [base for base in bases if base in classes]
        if known or any(base.split(".")[-1] == "TestCase" for base in bases):
            inherited = [classes[base] for base in known]
            classes[node.name] = {name: line for tests in inherited for name, line in tests.items()}
            classes[node.name].update(_methods(node))
    return {name: tests for name, tests in classes.items() if tests}


def _methods(node: ast.ClassDef) -> dict[str, int]:
    return {
        item.name: item.lineno
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.name.startswith("test")
    }
