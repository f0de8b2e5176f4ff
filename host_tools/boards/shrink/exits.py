"""A function's statements where they do not return, but give a value and go on behind them."""

import ast
from collections.abc import Callable, Iterator

from host_tools.boards.shrink.scopes import DEFINITIONS

# What stands in the place of `return value`.
Done = Callable[[ast.expr | None, ast.stmt], list[ast.stmt]]
_LOOPS = (ast.For, ast.While)


class CannotError(Exception):
    """A `return` stands where nothing else leads to the end."""


def settled(block: list[ast.stmt], done: Done, last: ast.stmt) -> list[ast.stmt]:
    """`block` with `done` for each return, and for the end if it is reached. `last`: where that is.

    CannotError if that would take more code than the call.
    """
    for number, statement in enumerate(block):
        if not any(_returns([statement])):
            continue
        before, rest = block[:number], block[number + 1 :]
        match statement:
            case ast.Return():
                return before + done(statement.value, statement)
            case ast.If():
                _branch(statement, rest, done)
            case ast.Try():
                _try(statement, rest, done)
            case ast.With() if not rest:
                statement.body = settled(statement.body, done, statement)
            case ast.For() | ast.While() if not statement.orelse and not any(_breaks(statement.body)):
                statement.body = _left(statement.body, done)
                if not _is_endless(statement):
                    statement.orelse = settled(rest, done, statement)
            case _:
                raise CannotError
        return [*before, statement]
    return block if block and leaves(block) else block + done(None, last)


def leaves(block: list[ast.stmt]) -> bool:
    """Whether what follows it is never reached from its end."""
    match block[-1] if block else None:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.If(_, body, orelse):
            return leaves(body) and leaves(orelse)
        case ast.Try(body, handlers, orelse, final):
            return leaves(final) or (leaves(orelse or body) and all(leaves(each.body) for each in handlers))
        case ast.With(body=body):
            return leaves(body)
        case ast.While() as loop:
            return _is_endless(loop) and not any(_breaks(loop.body))
    return False


def _branch(statement: ast.If, rest: list[ast.stmt], done: Done) -> None:
    body, orelse = statement.body, statement.orelse
    if rest and leaves(body):
        orelse = orelse + rest
    elif rest and orelse and leaves(orelse):
        body = body + rest
    elif rest:
        raise CannotError
    statement.body, statement.orelse = (
        settled(body, done, statement),
        settled(orelse, done, statement),
    )


def _try(statement: ast.Try, rest: list[ast.stmt], done: Done) -> None:
    handlers = [each for each in statement.handlers if not leaves(each.body)]
    if any(_returns(statement.body)) and statement.orelse:
        raise CannotError
    if (rest and statement.finalbody) or any(_returns(statement.finalbody)):
        raise CannotError
    if rest and leaves(statement.orelse or statement.body) and len(handlers) == 1:
        handlers[0].body = handlers[0].body + rest
    elif rest and not handlers and not any(_returns(statement.body)):
        statement.orelse = statement.orelse + rest
    elif rest:
        raise CannotError
    for handler in statement.handlers:
        handler.body = settled(handler.body, done, handler.body[-1])
    if statement.orelse:
        statement.orelse = settled(statement.orelse, done, statement)
    else:
        statement.body = settled(statement.body, done, statement)


def _left(block: list[ast.stmt], done: Done) -> list[ast.stmt]:
    """In a loop: the value, and out of it."""
    made: list[ast.stmt] = []
    for statement in block:
        if isinstance(statement, ast.Return):
            return [*made, *done(statement.value, statement), like(ast.Break(), statement)]
        if isinstance(statement, _LOOPS) and any(_returns([statement])):
            raise CannotError
        for part in (statement, *getattr(statement, "handlers", ())):
            for name in ("body", "orelse", "finalbody"):
                if not isinstance(statement, DEFINITIONS) and getattr(part, name, None):
                    setattr(part, name, _left(getattr(part, name), done))
        made.append(statement)
    return made


def like(new: ast.stmt, old: ast.stmt) -> ast.stmt:
    """`new` at the place of `old` in the sources."""
    ast.copy_location(new, old)
    new.origin, new.place = old.origin, old.place  # type: ignore[attr-defined]
    return new


def _returns(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    return (each for each in _own(block, ()) if isinstance(each, ast.Return))


def _breaks(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    return (each for each in _own(block, _LOOPS) if isinstance(each, ast.Break))


def _own(block: list[ast.stmt], beside: tuple[type[ast.stmt], ...]) -> Iterator[ast.stmt]:
    """The statements in `block`, not those of definitions in it, nor of `beside`."""
    for statement in block:
        yield statement
        if not isinstance(statement, (*DEFINITIONS, *beside)):
            for part in (statement, *getattr(statement, "handlers", ())):
                for name in ("body", "orelse", "finalbody"):
                    yield from _own(getattr(part, name, None) or [], beside)


def _is_endless(loop: ast.stmt) -> bool:
    return isinstance(loop, ast.While) and isinstance(loop.test, ast.Constant) and bool(loop.test.value)
