"""The books that a digest prints: of all runs that ended in its period, by source."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, select

from crawler.books import Book, books_of, summed
from crawler.config.models import Config
from crawler.tables import run
from pipelines.digest.model import BookLine, Books, Imbalance, InterruptedRun


def books_between(connection: Connection, config: Config, cut_from: datetime, cut_to: datetime) -> Books:
    """The books of all runs that ended in (cut_from, cut_to]."""
    runs = connection.execute(
        select(run.c.id, run.c.started, run.c.interrupted)
        .where(run.c.ended > cut_from, run.c.ended <= cut_to)
        .order_by(run.c.id)
    ).all()
    by_source: dict[str, list[Book]] = defaultdict(list)
    imbalances = []
    for row in runs:
        for line in books_of(connection, [row.id]):
            by_source[line.source].append(line)
            if not line.balances:
                imbalances.append(_imbalance(row.id, config.label_of(line.source), line))
    lines = {name: _book_line(config.label_of(name), summed(books)) for name, books in sorted(by_source.items())}
    imbalances += [
        _broken_chain(line)
        for name, line in lines.items()
        if not line.balances and all(book.balances for book in by_source[name])
    ]
    return Books(
        runs=len(runs),
        lines=tuple(lines.values()),
        imbalances=tuple(imbalances),
        interrupted=tuple(InterruptedRun(run=row.id, started=row.started) for row in runs if row.interrupted),
    )


def _book_line(label: str, total: Book) -> BookLine:
    return BookLine(
        source=label,
        carried_in=total.carried_in,
        found=total.found,
        outcomes={outcome.value: count for outcome, count in total.outcomes.items()},
        carried_out=total.carried_out or 0,
        known=total.known,
        requests=total.requests,
    )


def _imbalance(number: int, label: str, line: Book) -> Imbalance:
    return Imbalance(
        run=number,
        source=label,
        carried_in=line.carried_in,
        found=line.found,
        ended=sum(line.outcomes.values()),
        carried_out=line.carried_out or 0,
    )


def _broken_chain(line: BookLine) -> Imbalance:
    return Imbalance(
        run=0,
        source=line.source,
        carried_in=line.carried_in,
        found=line.found,
        ended=sum(line.outcomes.values()),
        carried_out=line.carried_out,
    )
