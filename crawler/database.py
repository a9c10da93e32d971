"""The database: one engine, short transactions, forward migrations. SQLite in WAL mode unless a URL says otherwise."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from crawler.read_only import CHANGED_UNDER_US, changed_under_us, on_read_only_disk, read_only_uri
from crawler.storage import StorageError, StorageFault, database_error, file_error

__all__ = ["Database", "Migration", "StorageError", "check_url", "insert_for", "sqlite_url"]

logger = logging.getLogger(__name__)

BUSY_SECONDS = 30.0  # that a statement waits for another process before it gives up


@dataclass(frozen=True, kw_only=True)
class Migration:
    """What bringing a database up to date came to."""

    database: str  # its path, or its URL without the password
    before: str | None  # the schema's revision; None: there were no tables yet
    after: str
    copy: Path | None = None  # of the database as it was; None when there was nothing to keep


class Database:
    """Opens the database at `url`.

    Every error of its storage (a full disk, a lock, a damaged file ...) leaves `read` and `write` as a StorageError;
    what is wrong with a statement stays what it is.
    """

    def __init__(self, url: str | URL, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._busy_seconds = busy_seconds
        self._waits = True
        self.engine = self._engine(url)

    @classmethod
    def open(cls, url: str | URL, *, busy_seconds: float = BUSY_SECONDS) -> "Database":
        """Open it and bring its tables up to date; that they were not is told in the log.

        Raises:
            StorageError: it cannot be opened, is no database, or was written by a newer presswatch.
        """
        database = cls(url, busy_seconds=busy_seconds)
        try:
            done = database.migrate()
        except BaseException:
            database.close()
            raise
        if done.copy is not None:
            told = "%s was brought from schema %s to %s; as it was it is kept as %s"
            logger.warning(told, done.database, done.before, done.after, done.copy.name)
        return database

    @property
    def path(self) -> Path | None:
        """Its file; None when it has none."""
        return sqlite_path(self.engine.url)

    def revision(self) -> str | None:
        """The revision its tables are at; None when it has none."""
        with self.read() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def migrate(self, *, keep_copy: bool = True) -> Migration:
        """Bring the tables up to date. Before those of an existing database are changed, it is copied beside itself.

        Raises:
            StorageError: it cannot be opened or written, or is at a schema this presswatch does not know.
        """
        with _one_opener(self.path, self._busy_seconds):
            before, after = self.revision(), newest_revision()
            if before == after:
                return Migration(database=self._shown, before=before, after=after)
            if before is not None and not knows_revision(before):
                raise StorageError(
                    f"{self._shown} is at schema {before}, which this presswatch ({after}) does not know: "
                    "it was written by a newer one; install that one"
                )
            if self.path is not None and on_read_only_disk(self.path):
                told = f"{self._shown} is at schema {before or 'none'}, and this presswatch reads {after}"
                raise StorageError(f"{told}: it cannot be brought up to date, as its file system is read-only")
            kept = self._copy_aside(after) if keep_copy and before is not None else None
            try:
                with self.write() as connection:
                    upgrade(connection)
            except DBAPIError as error:
                told = f"{self._shown} cannot be brought from schema {before} to {after}: {error.orig}"
                raise StorageError(f"{told}; it is left as it was") from error
            return Migration(database=self._shown, before=before, after=after, copy=kept)

    def copy_to(self, target: Path) -> None:
        """Copy the database as it is at this moment into a new file, while others read and write it.

        The copy is one file in SQLite's rollback mode: it needs none beside it.

        Raises:
            StorageError: the database cannot be read, or the copy not be written or is damaged.
        """
        copying = self._faults_told(f"copying {self._shown} into {target.parent}")
        with copying, closing(sqlite3.connect(target, isolation_level=None)) as copy:
            # Within one view of the source: what is committed meanwhile neither enters the copy nor restarts it.
            with closing(self.engine.raw_connection()) as connection:
                source = cast("sqlite3.Connection", connection.driver_connection)
                source.execute("BEGIN")
                source.execute("SELECT 1 FROM sqlite_master LIMIT 1")
                source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            told, remedy = StorageFault.DAMAGED.value
            raise StorageError(f"{self._shown}: {told} ({found}): {remedy}", StorageFault.DAMAGED)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write; commits at the end, rolls back on any exception.

        Raises:
            StorageError: the storage fails; nothing was written.
        """
        with (
            self._faults_told(),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; never waits for a writer.

        Raises:
            StorageError: the storage fails.
        """
        with self._faults_told(), self.engine.connect() as connection, connection.begin():
            yield connection

    def wait_no_more(self) -> None:
        """From now on, give up at once where another process holds the database."""
        self._waits = False

    def scrub(self) -> bool:
        """Write the database anew, so that no byte of what was deleted is left in its file or its log.

        Takes about as much free disk as the database has. Of PostgreSQL that is the server's business.

        Returns:
            False when somebody still reads an older state: until he ends, the log holds what was deleted.

        Raises:
            StorageError: there is no room for it, or another process keeps the database locked.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with self._faults_told(), closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        self.engine.dispose()

    @property
    def _shown(self) -> str:
        return str(self.path or self.engine.url.render_as_string(hide_password=True))

    @contextmanager
    def _faults_told(self, shown: str = "") -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            told = database_error(error, shown or self._shown, waited=self._busy_seconds)
            if told is None:
                raise
            if self.path is not None and told.fault in CHANGED_UNDER_US and on_read_only_disk(self.path):
                raise StorageError(changed_under_us(self.path)) from error
            raise told from error

    def _copy_aside(self, revision: str) -> Path | None:
        """Keep the database as it is before it is brought to `revision`."""
        if self.path is None:
            return None
        kept = safety_copy(self.path, revision)
        temporary = half_written(kept)
        try:
            temporary.unlink(missing_ok=True)
            self.copy_to(temporary)
            temporary.replace(kept)
        except OSError as error:
            raise file_error(error, kept) from error
        finally:
            temporary.unlink(missing_ok=True)
        return kept

    def _engine(self, url: str | URL) -> Engine:
        if make_url(url).get_backend_name() != "sqlite":
            return create_engine(url)
        options: dict[str, Any] = {"timeout": self._busy_seconds, "check_same_thread": False}
        path = sqlite_path(url)
        if path is not None and on_read_only_disk(path):
            engine = create_engine(url, creator=lambda: sqlite3.connect(read_only_uri(path), uri=True, **options))
            event.listen(engine, "connect", _prepare_reading)
        else:
            engine = create_engine(url, connect_args=options)
            event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", self._begin_sqlite)
        return engine

    def _begin_sqlite(self, connection: Connection) -> None:
        if not self._waits:
            connection.exec_driver_sql("PRAGMA busy_timeout=0")
        # A deferred transaction that turns into a write one fails at once when another process writes;
        # an immediate one waits its turn.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to `revision`, in the caller's transaction."""
    alembic = _alembic_config()
    alembic.attributes["connection"] = connection
    command.upgrade(alembic, revision)


def newest_revision() -> str:
    """The schema this presswatch writes."""
    return ScriptDirectory.from_config(_alembic_config()).get_current_head() or ""


def knows_revision(revision: str) -> bool:
    """Whether a database at this schema can be brought up to date."""
    return revision in known_revisions()


def known_revisions() -> frozenset[str]:
    """The schemas there have been, and today's."""
    return frozenset(item.revision for item in ScriptDirectory.from_config(_alembic_config()).walk_revisions())


def safety_copy(path: Path, revision: str) -> Path:
    """Where the database at `path` is kept as it was before it was brought to `revision`."""
    return path.with_name(f"{path.name}.before-{revision}")


def half_written(copy: Path) -> Path:
    """Where a safety copy lies while it is being written."""
    return copy.with_name(f".{copy.name}.tmp")


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


def sqlite_url(path: Path) -> URL:
    """As its parts: written out as text, a ? or a % in the path would be read as something else."""
    return URL.create("sqlite", database=str(path))


def sqlite_path(url: str | URL) -> Path | None:
    """The file of an SQLite database; None when it lives in memory, or is none of SQLite's."""
    parts = make_url(url)
    is_file = parts.get_backend_name() == "sqlite" and parts.database and parts.database != ":memory:"
    return Path(parts.database) if is_file and parts.database else None


def companions(path: Path) -> tuple[Path, ...]:
    """The files SQLite keeps beside a database, those that are there. Whatever bears its name is read with them."""
    named = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm", "-journal"))
    return tuple(companion for companion in named if companion.exists())


@contextmanager
def _one_opener(path: Path | None, patience: float) -> Iterator[None]:
    """Let one process at a time open an SQLite file: two that switch a new one to WAL at once find it locked."""
    if path is None or not os.access(path.parent, os.W_OK):
        yield
        return
    lock = FileLock(f"{path}.opening", timeout=patience)
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


def _prepare_reading(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # the driver opens no transaction of its own; `_begin_sqlite` does


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    _prepare_reading(connection, record)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a committed outcome survives a power cut
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # what expires or is forgotten is overwritten, not only let go of


def _alembic_config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
