"""A console cut into lines, however the bytes arrive."""

from typing import Any

from host_tools.boards.console import LineReader


class _Port:
    """A serial port that has these pieces to read, one at a time."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self.in_waiting = 0
        self.timeout = None

    @classmethod
    def of(cls, *pieces: bytes) -> Any:
        """As the serial port that the reader is made for."""
        return cls(*pieces)

    def read(self, most: int) -> bytes:
        return self._pieces.pop(0)


def test_lines_are_cut_where_they_end_and_bad_bytes_replaced() -> None:
    pieces = [b"devcred 1 boot\r\ndev", b"cred 2 clo", b"ck\r\n\r\nb\xffd\n", b""]
    reader, port = LineReader(), _Port.of(*pieces)
    assert [list(reader.read(port)) for _ in pieces] == [
        ["devcred 1 boot"],
        [],
        ["devcred 2 clock", "", "b\ufffdd"],
        [],
    ]


def test_a_line_that_never_ends_takes_no_memory() -> None:
    reader, port = LineReader(), _Port.of(*[b"x" * 4000] * 3)
    assert [len(line) for _ in range(3) for line in reader.read(port)] == [8000]
