"""One database for all replicas: SQLite in a file, or PostgreSQL by URL."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError

from host_tools.errors import MachineError, UsageError
from host_tools.tokens import schema
from host_tools.tokens.sealing import Seal

_WAIT_S = 10
_POOL = 8
_AGAIN_S = 0.5
_PROOF = "devcred token server"
_EXAMPLE = "give it as sqlite:///FILE or postgresql://USER@HOST/NAME"


class Database:
    """`with database.transaction() as tx` is one transaction; what it did is there, or none of it.

    Raises MachineError when the database cannot be used. Errors of SQLAlchemy do not get out: their text
    holds the statement with its values.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.threads = 1 if engine.dialect.name == "sqlite" else _POOL
        """How many may use it at once and be the faster for it: SQLite has one writer."""

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with _told(), self.engine.begin() as tx:
            yield tx

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            with self.transaction() as tx:
                return tx.execute(text("SELECT 1")).scalar() == 1
        except MachineError:
            return False

    def close(self) -> None:
        """Close its connections."""
        self.engine.dispose()


def insert_new(tx: Connection, table: Table, **values: Any) -> bool:
    """Inserts a row; False if one with this key is there already, which then stays as it is."""
    return was_done(tx, upsert(tx, table).values(**values).on_conflict_do_nothing(), table)


def was_done(tx: Connection, statement: Any, table: Table) -> bool:
    """Whether an INSERT with ON CONFLICT changed a row; the count of rows tells that in one database only."""
    return tx.execute(statement.returning(*table.primary_key.columns)).first() is not None


def upsert(tx: Connection, table: Table) -> Any:
    """An INSERT that has ON CONFLICT, which both databases spell alike."""
    return (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(table)


def open_database(url: str, seal: Seal) -> Database:
    """The database at `url`, its tables made if there are none.

    Raises UsageError for a URL that is none, MachineError when it cannot be reached, or was made with another
    key or by another version.
    """
    database = Database(_engine(url))
    try:
        _make_tables(database)
        with database.transaction() as tx:
            _check(tx, seal)
    except BaseException:
        database.close()
        raise
    return database


def _make_tables(database: Database) -> None:
    try:
        with _told():
            schema.metadata.create_all(database.engine)
    except MachineError:
        # Another replica that starts at this moment may have made one between our look and our CREATE.
        time.sleep(_AGAIN_S)
        with _told():
            schema.metadata.create_all(database.engine)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError("not a database URL", where="--database", do=_EXAMPLE) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise UsageError("replicas and restarts need a file", where="--database", do=_EXAMPLE)
        # Before SQLite does, so that nobody else can read it at any moment.
        _touch(Path(parsed.database))
        made = create_engine(parsed, connect_args={"timeout": _WAIT_S}, pool_size=1, max_overflow=2)
        event.listen(made, "connect", _sqlite_connected)
        event.listen(made, "begin", _sqlite_begin)
        return made
    if backend == "postgresql":
        options = {"connect_timeout": _WAIT_S, "options": f"-c lock_timeout={_WAIT_S}s"}
        driver = parsed.set(drivername="postgresql+psycopg")
        return create_engine(
            driver, connect_args=options, pool_size=_POOL, max_overflow=2, pool_pre_ping=True
        )
    raise UsageError("neither SQLite nor PostgreSQL", where="--database", do=_EXAMPLE)


def _touch(path: Path) -> None:
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror})", where=str(path), do="name another database"
        ) from None


def _sqlite_connected(connection: sqlite3.Connection, record: object) -> None:
    # The driver would begin transactions by rules of its own.
    connection.isolation_level = None
    # A commit that only a power cut can undo is good enough for a cache and a queue that is worked off again.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(tx: Connection) -> None:
    # Two that began as readers could not both become writers, and would fail instead of waiting.
    tx.exec_driver_sql("BEGIN IMMEDIATE")


def _check(tx: Connection, seal: Seal) -> None:
    insert_new(tx, schema.about, name="version", value=str(schema.VERSION))
    insert_new(tx, schema.about, name="proof", value=seal.close(_PROOF, "proof"))
    held = {row.name: row.value for row in tx.execute(select(schema.about))}
    if held["version"] != str(schema.VERSION):
        raise MachineError(
            f"the database has tables of version {held['version']}, this program those of {schema.VERSION}",
            where="--database",
            do="use the program it was made with, or a new database",
        )
    seal.open(held["proof"], "proof")


@contextmanager
def _told() -> Iterator[None]:
    """SQLAlchemy's errors as one of ours: by their kind, without their text."""
    try:
        yield
    except IntegrityError:
        raise MachineError("the database refused a change", where="token server", do="look again") from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
        raise MachineError(
            f"the database cannot be used ({cause})",
            where="token server",
            do="check that it runs, its URL and its disk",
        ) from None
