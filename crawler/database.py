"""The database: one engine, short transactions, forward migrations. SQLite in WAL mode unless a URL says otherwise."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

_BUSY_SECONDS = 30.0


class StorageError(Exception):
    """The database cannot be used; the message says which, why, and what to do."""


class Database:
    """Opens the database at `url` and brings its tables up to date."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)

    @classmethod
    def open(cls, url: str) -> "Database":
        """
        Raises:
            StorageError: it cannot be opened, is no database, or was written by a newer presswatch.
        """
        database = cls(url)
        try:
            with _one_opener(make_url(url).database):
                database.migrate()
        except BaseException:
            database.close()
            raise
        return database

    def migrate(self) -> None:
        try:
            self._migrate()
        except (DatabaseError, sqlite3.DatabaseError) as error:
            shown = self.engine.url.render_as_string(hide_password=True)
            raise StorageError(f"{shown}: {getattr(error, 'orig', error)}") from error

    def _migrate(self) -> None:
        alembic = AlembicConfig()
        alembic.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        script = ScriptDirectory.from_config(alembic)
        head = script.get_current_head()
        with self.write() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            if current == head:
                return
            if current is not None and current not in {item.revision for item in script.walk_revisions()}:
                raise StorageError(
                    f"{self.engine.url.render_as_string(hide_password=True)} is at schema {current}, which this "
                    f"presswatch ({head}) does not know: it was written by a newer one; install that one"
                )
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write; commits at the end, rolls back on any exception."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; never waits for a writer."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def check_url(url: str) -> None:
    """
    Raises:
        ValueError: no SQLAlchemy URL, or one of a database presswatch cannot use yet.
    """
    try:
        backend = make_url(url).get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise ValueError("not a database URL such as sqlite:////var/lib/presswatch/ledger.db") from error
    if backend != "sqlite":
        raise ValueError(f"{backend} cannot be used yet; give a sqlite:/// URL or leave it empty")


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


@contextmanager
def _one_opener(path: str | None) -> Iterator[None]:
    """Let one process at a time open an SQLite file: two that switch a new one to WAL at once find it locked."""
    if not path or path == ":memory:" or not os.access(Path(path).parent, os.W_OK):
        yield
        return
    lock = FileLock(f"{path}.opening", timeout=_BUSY_SECONDS)
    try:
        lock.acquire()
    except (Timeout, OSError) as error:
        raise StorageError(f"{path} cannot be opened: its lock {path}.opening: {error}") from error
    try:
        yield
    finally:
        lock.release()


def insert_for(connection: Connection) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # the driver opens no transaction of its own; `_begin_sqlite` does
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a committed outcome survives a power cut
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a write one fails at once when another process writes;
    # an immediate one waits its turn.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
