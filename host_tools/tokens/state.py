"""The server's folder: its keys, each for the owner alone, and the database where no other is named."""

import base64
import binascii
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from host_tools.errors import UsageError
from host_tools.tokens.challenge import new_key
from host_tools.tokens.database import Database, open_database
from host_tools.tokens.sealing import KEY_BYTES, Seal

SERVER_KEY, ADMIN_KEY, DATABASE = "server.key", "admin.key", "tokens.db"


@dataclass(frozen=True)
class State:
    """`admin_key` opens the admin API; `database_url` is where the accounts are."""

    folder: Path
    database_url: str = field(repr=False)
    seal: Seal = field(repr=False)
    admin_key: str = field(repr=False)

    def open(self) -> Database:
        """The database; see `open_database`."""
        return open_database(self.database_url, self.seal)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """The database opened for one transaction."""
        database = self.open()
        try:
            with database.transaction() as tx:
                yield tx
        finally:
            database.close()


def open_state(folder: Path, database_url: str | None) -> State:
    """The folder's content, made where it is missing. Replicas need the same server.key and database.

    Raises UsageError for a folder or a key that cannot be used.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot be made ({error.strerror})", where=str(folder), do="name another") from None
    server_key = _kept(folder / SERVER_KEY, lambda: base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
    admin_key = _kept(folder / ADMIN_KEY, lambda: new_key(secrets.token_bytes))
    url = database_url or f"sqlite:///{(folder / DATABASE).absolute()}"
    return State(folder, url, Seal(_decoded(server_key, folder / SERVER_KEY)), admin_key)


def _kept(path: Path, make: Callable[[], str]) -> str:
    """The secret in a file; a new one the first time, and of two who make it at once, one's."""
    try:
        if not path.exists():
            _make(path, make())
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError("others may read it", where=str(path), do=f"chmod 600 {path}")
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "not text"
        raise UsageError(f"cannot be used ({why})", where=str(path), do="check the file") from None
    if not text:
        raise UsageError("is empty", where=str(path), do="restore it, or remove it for a new one")
    return text


def _make(path: Path, text: str) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        os.unlink(draft)


def _decoded(text: str, path: Path) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise UsageError("is no server key", where=str(path), do="restore it from where it was copied")
    return key
