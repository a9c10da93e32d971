"""The books that a digest prints: of all runs that ended in its period, by source."""

from datetime import datetime

from sqlalchemy import Connection, select

from crawler.books import Book
from crawler.config.models import Config
from crawler.tables import run
from pipelines.digest.model import BookLine, Books, Imbalance, InterruptedRun
from pipelines.health.books import books_of_runs


def books_between(connection: Connection, config: Config, cut_from: datetime, cut_to: datetime) -> Books:
    """The books of all runs that ended in (cut_from, cut_to]."""
    runs = connection.execute(
        select(run.c.id, run.c.started, run.c.interrupted)
        .where(run.c.ended > cut_from, run.c.ended <= cut_to)
        .order_by(run.c.id)
    ).all()
    found = books_of_runs(connection, [row.id for row in runs])
    return Books(
        runs=len(runs),
        lines=tuple(_book_line(config.label_of(total.source), total) for total in found.totals),
        imbalances=tuple(_imbalance(number, config.label_of(line.source), line) for number, line in found.unbalanced),
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


def _imbalance(number: int | None, label: str, line: Book) -> Imbalance:
    return Imbalance(
        run=number or 0,
        source=label,
        carried_in=line.carried_in,
        found=line.found,
        ended=sum(line.outcomes.values()),
        carried_out=line.carried_out or 0,
    )
