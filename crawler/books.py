"""The books of a run: one line per source, and the law that they balance.

`found` and the outcomes are raised in the transactions that change the entries; `carried_in` and `carried_out` are
counted from the entries. So `carried_in + found = Σ outcomes + carried_out` compares two independent records.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from crawler.database import insert_for
from crawler.outcomes import DONE_WITHOUT, Outcome
from crawler.tables import book, entry, host, run

_MOST_ERRORS = 20  # of one source in one run


@dataclass(frozen=True, kw_only=True)
class Book:
    """One source's line in a run. `carried_out` is None while the run goes on."""

    source: str
    carried_in: int = 0
    found: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    carried_out: int | None = None
    known: int = 0
    polls: int = 0
    polls_failed: int = 0
    requests: int = 0
    bytes: int = 0
    error: str = ""

    @property
    def balances(self) -> bool:
        if self.carried_out is None:
            return True
        return self.carried_in + self.found == sum(self.outcomes.values()) + self.carried_out


def summed(lines: Sequence[Book]) -> Book:
    """One source's lines of runs that follow each other as one: what the last carried out is what they carried out.

    Raises:
        IndexError: there are no lines.
    """
    errors = dict.fromkeys(error for line in lines for error in line.error.splitlines())
    return Book(
        source=lines[0].source,
        carried_in=lines[0].carried_in,
        found=sum(line.found for line in lines),
        outcomes={outcome: sum(line.outcomes.get(outcome, 0) for line in lines) for outcome in Outcome},
        carried_out=lines[-1].carried_out,
        known=sum(line.known for line in lines),
        polls=sum(line.polls for line in lines),
        polls_failed=sum(line.polls_failed for line in lines),
        requests=sum(line.requests for line in lines),
        bytes=sum(line.bytes for line in lines),
        error="\n".join(list(errors)[:_MOST_ERRORS]),
    )


def open_run(
    connection: Connection,
    *,
    command: str,
    process: int,
    now: datetime,
    sources: Sequence[str],
    is_live: bool = False,
) -> int:
    """Begin a run: a line for each of `sources` and for every other source that still has pending entries.

    `is_live`: it asks the sources' own hosts, no local server and no recording.

    The caller holds the run lock, so a run that is still open is a dead one: it is closed as interrupted and its
    leases are freed.
    """
    for dead in connection.scalars(select(run.c.id).where(run.c.ended.is_(None))).all():
        close_run(connection, dead, now, error="interrupted: the process ended before the run did", interrupted=True)
    connection.execute(update(host).where(host.c.lease_token != "").values(lease_token="", lease_until=None))
    opened = connection.execute(insert(run).values(command=command, process=process, started=now, live=is_live))
    number: int = opened.inserted_primary_key[0]  # type: ignore[index]
    pending = _pending_by_source(connection)
    lines = [
        {"run": number, "source": name, "carried_in": pending.get(name, 0)} for name in sorted({*sources, *pending})
    ]
    if lines:
        connection.execute(insert(book), lines)
    return number


def open_line(connection: Connection, number: int, source: str) -> None:
    """Begin a line for a source that was met after the run had begun; one that has a line keeps it."""
    made = insert_for(connection)(book).values(run=number, source=source)
    connection.execute(made.on_conflict_do_nothing())


def close_run(
    connection: Connection, number: int, now: datetime, *, error: str = "", interrupted: bool = False
) -> tuple[Book, ...]:
    """Count what is carried out, end the run, and return its lines."""
    pending = _pending_by_source(connection)
    for name in connection.scalars(select(book.c.source).where(book.c.run == number)).all():
        add(connection, number, name, carried_out=pending.get(name, 0))
    connection.execute(update(run).where(run.c.id == number).values(ended=now, error=error, interrupted=interrupted))
    return books_of(connection, [number])


def note_told(connection: Connection, number: int) -> None:
    """Note that what the run's books say went wrong has been told."""
    connection.execute(update(run).where(run.c.id == number).values(told=True))


def add(connection: Connection, number: int, source: str, *, carried_out: int | None = None, **counts: int) -> None:
    """Raise counters of a line by `counts`; set `carried_out` where given."""
    values: dict[str, Any] = {name: book.c[name] + count for name, count in counts.items() if count}
    if carried_out is not None:
        values["carried_out"] = carried_out
    if values:
        changed = connection.execute(update(book).where(book.c.run == number, book.c.source == source).values(values))
        if changed.rowcount != 1:
            raise LookupError(f"run {number} has no book for source {source}")


def add_error(connection: Connection, number: int, source: str, error: str) -> None:
    """Note what went wrong with a source, a line each; the same is noted once, and no more than a screenful."""
    line = (book.c.run == number) & (book.c.source == source)
    before = connection.scalar(select(book.c.error).where(line))
    if before is None:
        raise LookupError(f"run {number} has no book for source {source}")
    noted = before.splitlines()
    error = " ".join(error.split())
    if error not in noted and len(noted) < _MOST_ERRORS:
        connection.execute(update(book).where(line).values(error="\n".join([*noted, error])))


def books_of(connection: Connection, numbers: Iterable[int]) -> tuple[Book, ...]:
    """The lines of these runs, by run and source."""
    rows = connection.execute(
        select(book).where(book.c.run.in_(list(numbers))).order_by(book.c.run, book.c.source)
    ).mappings()
    return tuple(_book(row) for row in rows)


def eventful_books(connection: Connection, first: int, last: int) -> tuple[tuple[int, Book], ...]:
    """The lines of the runs from `first` to `last` with their run: each source's first and last, and all between them
    in which anything happened.
    """
    ends = (
        select(book.c.source, func.min(book.c.run).label("first"), func.max(book.c.run).label("last"))
        .where(book.c.run.between(first, last))
        .group_by(book.c.source)
        .subquery()
    )
    counted = (column for column in book.columns if column.name not in {"run", "source", "carried_in", "carried_out"})
    happened = [column != column.type.python_type() for column in counted]  # 0, or no text
    rows = connection.execute(
        select(book)
        .join(ends, ends.c.source == book.c.source)
        .where(book.c.run.between(first, last))
        .where(or_(book.c.run.in_([ends.c.first, ends.c.last]), book.c.carried_in != book.c.carried_out, *happened))
        .order_by(book.c.run, book.c.source)
    ).mappings()
    return tuple((row["run"], _book(row)) for row in rows)


def _book(row: RowMapping) -> Book:
    return Book(
        source=row["source"],
        carried_in=row["carried_in"],
        found=row["found"],
        outcomes={outcome: row[outcome.value] for outcome in Outcome},
        carried_out=row["carried_out"],
        known=row["known"],
        polls=row["polls"],
        polls_failed=row["polls_failed"],
        requests=row["requests"],
        bytes=row["bytes"],
        error=row["error"],
    )


def faults_in(error: str) -> tuple[str, ...]:
    """What of a run's `error` is a fault of presswatch itself or its storage, a line each."""
    return tuple(line for line in error.splitlines() if not line.endswith(DONE_WITHOUT))


def _pending_by_source(connection: Connection) -> dict[str, int]:
    rows = connection.execute(
        select(entry.c.source, func.count().label("pending")).where(entry.c.outcome.is_(None)).group_by(entry.c.source)
    )
    return {row.source: row.pending for row in rows}
