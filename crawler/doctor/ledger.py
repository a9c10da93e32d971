"""The database, looked at as it is: nothing is migrated, nothing written."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from crawler.database import knows_revision, newest_revision
from crawler.doctor.model import Finding, fault, note, ok
from crawler.items import Origin
from crawler.storage import database_error
from crawler.tables import endpoint, entry, run
from pipelines.health.cuts import Digests, digests_of
from pipelines.health.polled import proven

_WAIT = 2.0  # seconds for a database that another process holds
_PATIENCE = 0.8  # seconds of checking its pages
_STEPS = 20_000  # of SQLite's machine between two looks at the clock: a few milliseconds


@dataclass(frozen=True, kw_only=True)
class LastRun:
    number: int
    command: str
    process: int
    started: datetime
    ended: datetime | None  # None: it is at work, or its process died
    interrupted: bool
    error: str


@dataclass(frozen=True, kw_only=True)
class LedgerFacts:
    last_run: LastRun | None
    newest_live: datetime | None  # the latest time of a run that asked the sources' own hosts
    newest_simulated: datetime | None  # of all other runs
    proven: frozenset[str]  # sources that a live run polled with success
    seeds: int
    digests: Digests


class Ledger:
    """The database at `path`, and what the checks of other things want to know of it."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    @cached_property
    def facts(self) -> LedgerFacts | None:
        """None: there is no database, or none at this version's schema that can be read."""
        try:
            with self._reading() as connection:
                return _facts(connection) if _revision(connection) == newest_revision() else None
        except (DBAPIError, FileNotFoundError):
            return None  # `check` says why

    def check(self) -> Iterator[Finding]:
        """Whether it opens, is whole, and is at a schema this version knows."""
        path = self.path
        if path is None:
            yield note("database", "it lives in memory: nothing is kept", "set database in presswatch.yaml")
            return
        if not path.exists():
            yield note("database", f"{path} does not exist: nothing was crawled yet", "presswatch crawl makes it")
            return
        if path.stat().st_size == 0:
            remedy = "delete it, or put back a backup with presswatch restore FILE"
            yield fault("database", f"{path} is empty: what a lost or broken-off copy leaves", remedy)
            return
        try:
            with self._reading() as connection:
                yield from _schema(connection, path)
                yield _pages(connection, path)
        except DBAPIError as error:
            told = database_error(error, str(path), waited=_WAIT)
            if told is None:
                raise
            place, cause, remedy = str(told).rsplit(": ", 2)
            yield fault("database", f"{place}: {cause}", remedy)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        path = self.path
        if path is None or not path.exists():
            raise FileNotFoundError
        engine = create_engine("sqlite://", creator=lambda: _connected(path), poolclass=NullPool)
        with engine.connect() as connection:
            yield connection


def _connected(path: Path) -> sqlite3.Connection:
    # The last one to close a database tidies up beside it, unless it may only read.
    mode = "rw" if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "ro"
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, timeout=_WAIT)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _schema(connection: Connection, path: Path) -> Iterator[Finding]:
    revision, newest = _revision(connection), newest_revision()
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    if revision is None:
        yield note("database", f"{path} holds no tables yet", "presswatch crawl makes them")
    elif revision == newest:
        yield ok("database", f"{path} at schema {revision}, journal mode {mode}")
    elif knows_revision(revision):
        told = f"{path} is at schema {revision}, this version writes {newest}; runs and sources are not looked at"
        yield note("database", told, "presswatch migrate, or the next crawl, brings it up to date and keeps a copy")
    else:
        told = f"{path} is at schema {revision}, which this version ({newest}) does not know"
        yield fault("database", told, "it was written by a newer presswatch: install that one")


def _pages(connection: Connection, path: Path) -> Finding:
    """As many pages as there is time for."""
    raw = connection.connection.driver_connection
    until = time.monotonic() + _PATIENCE
    raw.set_progress_handler(lambda: time.monotonic() > until, _STEPS)  # type: ignore[union-attr]
    try:
        found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
            raise
        return ok("database", f"{path} is too large to be checked to its end here; archive verify does")
    finally:
        raw.set_progress_handler(None, _STEPS)  # type: ignore[union-attr]
    if found != "ok":
        remedy = "keep a copy of the file, then presswatch restore FILE"
        return fault("database", f"{path} is damaged: {' '.join(found.split())}", remedy)
    return ok("database", f"every page of {path} is whole")


def _facts(connection: Connection) -> LedgerFacts:
    row = connection.execute(select(run).order_by(run.c.id.desc()).limit(1)).first()
    seeds = select(func.count()).select_from(entry).where(entry.c.origin == Origin.SEED.value)
    return LedgerFacts(
        last_run=None
        if row is None
        else LastRun(
            number=row.id,
            command=row.command,
            process=row.process,
            started=row.started,
            ended=row.ended,
            interrupted=row.interrupted,
            error=row.error,
        ),
        newest_live=_newest(connection, live=True),
        newest_simulated=_newest(connection, live=False),
        proven=proven(connection, connection.scalars(select(endpoint.c.source).distinct())),
        seeds=connection.scalars(seeds).one(),
        digests=digests_of(connection),
    )


def _newest(connection: Connection, *, live: bool) -> datetime | None:
    last = select(func.max(run.c.started), func.max(run.c.ended)).where(run.c.live == live)
    return max((time for time in connection.execute(last).one() if time is not None), default=None)
