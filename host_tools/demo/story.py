"""What the demo tells while it runs: lines for people, or JSON objects, one a line."""

import json
from collections.abc import Callable
from typing import Any


class Story:
    """Tells one step at a time. `clock` gives seconds; `write` takes one line."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float], *, as_json: bool) -> None:
        self._write = write
        self._clock = clock
        self._as_json = as_json
        self._board = ""
        self._start_s = clock()

    def chapter(self, board_id: str, title: str) -> None:
        """Begins the story of one board; its times count from here."""
        self._board, self._start_s = board_id, self._clock()
        if not self._as_json:
            self._write(f"{board_id}: {title}")

    def tell(self, step: str, text: str, **facts: Any) -> None:
        """One thing that happened; `facts` are for programs."""
        elapsed_ms = round((self._clock() - self._start_s) * 1000)
        if self._as_json:
            head = {"board": self._board} if self._board else {}
            self._write(json.dumps({**head, "step": step, "elapsed_ms": elapsed_ms, "text": text, **facts}))
        else:
            self._write(f"{elapsed_ms:>7} ms  {step:<10} {text}")
