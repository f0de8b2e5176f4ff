"""Where the twin's state lies: nowhere but in memory, or in a SQLite file that outlives a kill."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from host_tools.errors import MachineError

FILE_NAME = "twin.sqlite3"


class Store(Protocol):
    """Rows of (kind, key) -> text; each change is kept before the call returns."""

    def rows(self, kind: str) -> Iterator[tuple[str, str]]: ...
    def put(self, kind: str, key: str, value: str) -> None: ...
    def delete(self, kind: str, key: str) -> None: ...
    def close(self) -> None: ...


class MemoryStore:
    """Keeps nothing: the state itself is the only copy."""

    def rows(self, kind: str) -> Iterator[tuple[str, str]]:
        return iter(())

    def put(self, kind: str, key: str, value: str) -> None:
        pass

    def delete(self, kind: str, key: str) -> None:
        pass

    def close(self) -> None:
        pass


class SqliteStore:
    """`folder`/twin.sqlite3, 0600, in a folder of 0700; one process at a time, else MachineError."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE_NAME
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
            self._base = self._open(path)
        except (OSError, sqlite3.Error) as error:
            raise MachineError(*_why(path, error)[:1], where="twin", do=_why(path, error)[1]) from None

    def _open(self, path: Path) -> sqlite3.Connection:
        base = sqlite3.connect(path, timeout=0.2, isolation_level=None)
        # An exclusive lock keeps a second twin out of the same folder until this one ends, however it ends.
        base.execute("PRAGMA locking_mode=EXCLUSIVE")
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        base.execute(
            "CREATE TABLE IF NOT EXISTS item (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key))"
        )
        base.execute("BEGIN IMMEDIATE")
        base.execute("COMMIT")
        return base

    def rows(self, kind: str) -> Iterator[tuple[str, str]]:
        return iter(self._base.execute("SELECT key, value FROM item WHERE kind = ?", (kind,)).fetchall())

    def put(self, kind: str, key: str, value: str) -> None:
        self._base.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?)", (kind, key, value))

    def delete(self, kind: str, key: str) -> None:
        self._base.execute("DELETE FROM item WHERE kind = ? AND key = ?", (kind, key))

    def close(self) -> None:
        self._base.close()


def _why(path: Path, error: Exception) -> tuple[str, str]:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return f"the state in {path.parent} is in use", "stop the other twin, or name another folder"
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return f"{path} is not a twin's state", "name another folder, or remove that file"
    return f"cannot use the state folder {path.parent}", "name a folder that you may write to"
