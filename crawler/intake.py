"""Entries that come from files rather than from a poll: seeds, and the pages of WARC files.

They have their own endpoint row (its address is `seeds:` or `warc:` and the file's name), so that every article can
say where it was seen first, and their own run, so that its books balance like those of any other.
"""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from crawler import books
from crawler.books import Book
from crawler.database import Database, insert_for
from crawler.items import Entry, Origin, PendingEntry
from crawler.ledger import pending_entry
from crawler.tables import endpoint, entry, sighting
from crawler.tombstones import forgotten_of
from crawler.urls import host_of


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Where entries come from, and in which run."""

    run: int
    origin: Origin
    place: str  # the endpoint's address: seeds:<file> or warc:<file>


@dataclass(kw_only=True)
class IntakeRun:
    """A run that takes files in. `books` are there once it is closed."""

    number: int
    books: tuple[Book, ...] = ()


@contextmanager
def intake_run(
    database: Database, *, command: str, now: Callable[[], datetime], sources: Collection[str]
) -> Iterator[IntakeRun]:
    """A run with a book for each of `sources`, closed whatever happens. The caller holds the run lock."""
    with database.write() as connection:
        names = sorted(sources)
        number = books.open_run(connection, command=command, process=os.getpid(), now=now(), sources=names)
    opened = IntakeRun(number=number)
    error = "interrupted"
    try:
        yield opened
        error = ""
    finally:
        with database.write() as connection:
            opened.books = books.close_run(connection, number, now(), error=error, interrupted=bool(error))


def knows(connection: Connection, key: str) -> bool:
    """Whether the ledger has an entry of this key that has its outcome."""
    ended = (entry.c.key == key) & entry.c.outcome.is_not(None)
    return connection.scalar(select(entry.c.id).where(ended)) is not None


def waiting(connection: Connection, key: str, reader: str = "") -> PendingEntry | None:
    """The entry of this key that has no outcome yet.

    Args:
        connection: of the caller's transaction.
        key: of the entry.
        reader: the source by whose rules it is read, if not by those of its own.
    """
    this = (entry.c.key == key) & entry.c.outcome.is_(None)
    row = connection.execute(select(entry).where(this)).mappings().one_or_none()
    return None if row is None else pending_entry(row, reader or row["source"])


def take_in(connection: Connection, intake: Intake, source: str, item: Entry, now: datetime) -> PendingEntry | None:
    """A pending entry for `item`, in the caller's transaction, which is to end it too.

    A page of a WARC file is that of the entry that waits for it, which the run has carried in. None when its key is
    known or was forgotten. `now`: when it was seen first.
    """
    waits = waiting(connection, item.key, source)
    takes_up = waits is not None and intake.origin is Origin.IMPORT
    if knows(connection, item.key) or (waits is not None and not takes_up) or forgotten_of(connection, [item]):
        books.add(connection, intake.run, source, known=1)
        return None
    if waits is not None:
        return waits
    home = _endpoint(connection, source, intake.place)
    host = host_of(item.url) if item.url else ""
    backlog = intake.origin is Origin.IMPORT  # old pages must not flood the next digest
    inserted = connection.execute(
        insert(entry).values(
            key=item.key,
            source=source,
            endpoint=home,
            host=host,
            url=item.url,
            original_url=item.original_url,
            title=item.title,
            summary=item.summary,
            authors=list(item.authors),
            published=item.published.to_json() if item.published else None,
            first_seen=now,
            first_run=intake.run,
            backlog=backlog,
            origin=intake.origin.value,
        )
    )
    number: int = inserted.inserted_primary_key[0]  # type: ignore[index]
    connection.execute(insert(sighting).values(endpoint=home, key=item.key, first_seen=now, last_seen=now))
    connection.execute(update(endpoint).where(endpoint.c.id == home).values(last_new=now))
    books.add(connection, intake.run, source, found=1)
    return PendingEntry(id=number, source=source, host=host, entry=item, first_seen=now, backlog=backlog)


def _endpoint(connection: Connection, source: str, place: str) -> int:
    made = insert_for(connection)(endpoint).values(source=source, url=place, host="")
    connection.execute(made.on_conflict_do_nothing())
    this = (endpoint.c.source == source) & (endpoint.c.url == place)
    number: int = connection.scalars(select(endpoint.c.id).where(this)).one()
    return number
