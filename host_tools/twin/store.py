"""Where the twin's state lies: nowhere but in memory, or in a SQLite file that outlives a kill."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from host_tools.errors import MachineError

FILE_NAME = "twin.sqlite3"
VERSION = 1
"""Of what lies in it; another one is not read."""


class Store(Protocol):
    """Rows of (kind, key) -> text; each change is kept before the call returns.

    `write` makes many changes in one go, all or none; None deletes. `place` is for messages.
    """

    @property
    def place(self) -> str: ...
    def rows(self, kind: str) -> Iterator[tuple[str, str]]: ...
    def put(self, kind: str, key: str, value: str) -> None: ...
    def delete(self, kind: str, key: str) -> None: ...
    def write(self, changes: Iterable[tuple[str, str, str | None]]) -> None: ...
    def close(self) -> None: ...


class MemoryStore:
    """Keeps nothing: the state itself is the only copy."""

    place = "memory"

    def rows(self, kind: str) -> Iterator[tuple[str, str]]:
        return iter(())

    def put(self, kind: str, key: str, value: str) -> None:
        pass

    def delete(self, kind: str, key: str) -> None:
        pass

    def write(self, changes: Iterable[tuple[str, str, str | None]]) -> None:
        pass

    def close(self) -> None:
        pass


class SqliteStore:
    """`folder`/twin.sqlite3, 0600, in a folder of 0700; one process at a time, else MachineError."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE_NAME
        self.place = str(folder)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
            self._base = self._open(path)
        except (OSError, sqlite3.Error) as error:
            what, do = _why(path, error)
            raise MachineError(what, where="twin", do=do) from None

    def _open(self, path: Path) -> sqlite3.Connection:
        base = sqlite3.connect(path, timeout=0.2, isolation_level=None)
        try:
            # An exclusive lock keeps a second twin out of this folder until this one ends, however it ends.
            base.execute("PRAGMA locking_mode=EXCLUSIVE")
            is_new = _is_new(base, path)
            base.execute("PRAGMA journal_mode=WAL")
            base.execute("PRAGMA synchronous=NORMAL")
            base.execute("BEGIN IMMEDIATE")
            if is_new:
                base.execute("CREATE TABLE item (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key))")
                base.execute(f"PRAGMA user_version={VERSION}")
            base.execute("COMMIT")
        except BaseException:
            base.close()
            raise
        return base

    def rows(self, kind: str) -> Iterator[tuple[str, str]]:
        return iter(self._base.execute("SELECT key, value FROM item WHERE kind = ?", (kind,)).fetchall())

    def put(self, kind: str, key: str, value: str) -> None:
        with self._writing():
            self._base.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?)", (kind, key, value))

    def delete(self, kind: str, key: str) -> None:
        with self._writing():
            self._base.execute("DELETE FROM item WHERE kind = ? AND key = ?", (kind, key))

    def write(self, changes: Iterable[tuple[str, str, str | None]]) -> None:
        with self._writing(), self._base:  # takes all back if one fails
            self._base.execute("BEGIN")
            for kind, key, value in changes:
                if value is None:
                    self.delete(kind, key)
                else:
                    self.put(kind, key, value)

    def close(self) -> None:
        self._base.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """MachineError for a disk that is full, or gone; what was to be written is not there then."""
        try:
            yield
        except sqlite3.Error as error:
            raise MachineError(
                f"the state in {self.place} cannot be written ({error})", where="twin", do="make room for it"
            ) from None


def _is_new(base: sqlite3.Connection, path: Path) -> bool:
    """Whether nothing was ever kept here. MachineError for what is not ours to read; nothing is changed."""
    (version,) = base.execute("PRAGMA user_version").fetchone()
    tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if (version, tables) in ((0, []), (VERSION, ["item"])):
        return not tables
    if "item" in tables:
        raise MachineError(
            f"another version of devcred wrote the state in {path.parent}",
            where="twin",
            do=f"name another folder; `devcred twin reset --state {path.parent}` starts afresh",
        )
    raise sqlite3.DatabaseError("other tables")


def _why(path: Path, error: Exception) -> tuple[str, str]:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return f"the state in {path.parent} is in use", "stop the other twin, or name another folder"
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return f"{path} is not a twin's state", "name another folder, or remove that file"
    return f"cannot use the state folder {path.parent}", "name a folder that you may write to"
