"""The last runs, and the books of a day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from crawler.books import Book, books_of, faults_in
from crawler.tables import book, run
from pipelines.health.books import books_of_runs
from pipelines.health.counts import counts_of, errors_in, totals
from pipelines.health.source_model import SourceRun
from pipelines.health.status_model import BooksLine, Imbalance, RunEnd, RunLine, SourceBooks

_SHOWN = 5
_BOOKS = timedelta(hours=24)


def last_runs(connection: Connection) -> tuple[RunLine, ...]:
    """The newest first."""
    rows = connection.execute(select(run).order_by(run.c.id.desc()).limit(_SHOWN)).all()
    return tuple(_run_line(row, books_of(connection, [row.id])) for row in rows)


def runs_of_source(connection: Connection, source: str) -> tuple[SourceRun, ...]:
    """The last runs that had to do with the source, the newest first."""
    rows = connection.execute(
        select(run.c.id, run.c.started)
        .join(book, book.c.run == run.c.id)
        .where(book.c.source == source)
        .order_by(run.c.id.desc())
        .limit(_SHOWN)
    ).all()
    return tuple(_source_run(connection, row.id, row.started, source) for row in rows)


def books_until(connection: Connection, now: datetime) -> BooksLine:
    """The books of the runs that ended in the last 24 hours; of the last run that ended, where none did."""
    since = now - _BOOKS
    ended = select(run.c.id).where(run.c.ended <= now)
    numbers = connection.scalars(ended.where(run.c.ended > since).order_by(run.c.id)).all()
    if numbers:
        return _books(connection, numbers, since)
    return _books(connection, connection.scalars(ended.order_by(run.c.id.desc()).limit(1)).all(), None)


def _run_line(row: Row[Any], lines: Sequence[Book]) -> RunLine:
    return RunLine(
        run=row.id,
        command=row.command,
        live=row.live,
        started=row.started,
        ended=row.ended,
        end=_end(row),
        counts=totals(lines),
        errors=errors_in(lines) + len(row.error.splitlines()),
        faults=() if row.interrupted else faults_in(row.error),
    )


def _end(row: Row[Any]) -> RunEnd:
    if row.ended is None:
        return RunEnd.OPEN
    if row.interrupted:
        return RunEnd.INTERRUPTED
    return RunEnd.FAULTY if faults_in(row.error) else RunEnd.COMPLETED


def _source_run(connection: Connection, number: int, started: datetime, source: str) -> SourceRun:
    [line] = [line for line in books_of(connection, [number]) if line.source == source]
    return SourceRun(run=number, started=started, counts=counts_of(line), errors=tuple(line.error.splitlines()))


def _books(connection: Connection, numbers: Sequence[int], since: datetime | None) -> BooksLine:
    found = books_of_runs(connection, numbers)
    return BooksLine(
        runs=tuple(numbers),
        since=since,
        balances=not found.unbalanced,
        imbalances=tuple(_imbalance(number, line) for number, line in found.unbalanced),
        totals=totals(found.totals),
        # Those that do not balance come first.
        sources=tuple(
            SourceBooks(source=total.source, counts=counts_of(total))
            for total in sorted(found.totals, key=lambda one: one.balances)
        ),
    )


def _imbalance(number: int | None, line: Book) -> Imbalance:
    return Imbalance(
        run=number,
        source=line.source,
        carried_in=line.carried_in,
        found=line.found,
        ended=sum(line.outcomes.values()),
        carried_out=line.carried_out or 0,
    )
