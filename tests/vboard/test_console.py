"""The console's text, however the pty cuts it."""

import random

import pytest

from host_tools.vboard.console import LineEnds, Screen

TEXT = b"print\nexplicit\r\nbinary \xffn and \xff\xff\xffn\r\xffn end\r"
COOKED = b"print\r\nexplicit\r\nbinary \n and \xff\n\r\n end\r"


@pytest.mark.parametrize("seed", range(20))
def test_line_ends_do_not_depend_on_chunks(seed: int) -> None:
    ends, source, rest, shown = LineEnds(), random.Random(seed), TEXT * 3, b""
    while rest:
        size = source.randint(1, 5)
        shown += ends.cook(rest[:size])
        rest = rest[size:]
    assert shown == COOKED * 3


def test_bytes_are_not_held_back() -> None:
    """A binary protocol waits for an answer to its last byte."""
    ends = LineEnds()
    for last in (b"\x00", b"\r", b"\n", b"n", b"\xff\xff"):
        assert ends.cook(last)


MARK = b"\x00mark\x00"
BANNER = b'MicroPython v1; linux version\r\nType "help()" for more information.\r\n>>> '
RAW = b"raw REPL; CTRL-B to exit\r\n>"


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_friendly_boot(size: int) -> None:
    sent: list[bytes] = []
    screen = Screen(MARK, "A Board", start_raw=False, to_child=sent.append)
    text = b"from main\n>>> not the prompt\n" + MARK + BANNER
    shown = b"".join(screen.feed(text[at : at + size]) for at in range(0, len(text), size))
    assert shown == b"from main\r\n>>> not the prompt\r\n" + BANNER.replace(b"linux version", b"A Board")
    assert not sent
    modes = []
    for more in (b"", b"\r\n" + RAW, b"OK>>> \x04\x04>", b"\r\n" + BANNER):
        screen.feed(more)
        modes.append(screen.raw)
    assert modes == [False, True, True, False], "what a program prints does not change it"


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_raw_boot_shows_no_friendly_banner(size: int) -> None:
    sent: list[bytes] = []
    screen = Screen(MARK, "A Board", start_raw=True, to_child=sent.append)
    text = b"from boot\n" + MARK + BANNER
    shown = b"".join(screen.feed(text[at : at + size]) for at in range(0, len(text), size))
    assert shown == b"from boot\r\n" and sent == [b"\x01"]
    assert screen.feed(b"\r\n" + RAW) == RAW and screen.raw
