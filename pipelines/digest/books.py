"""The books that a digest prints: of all runs that ended in its period, by source."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from crawler.books import Book, faults_in
from crawler.config.models import Config
from crawler.tables import run
from pipelines.digest.model import BookLine, Books, Imbalance, InterruptedRun, RunFault
from pipelines.health.books import books_of_runs

_NUMBER = re.compile(r"\d+")


def books_between(connection: Connection, config: Config, cut_from: datetime, cut_to: datetime) -> Books:
    """The books of all runs that ended in (cut_from, cut_to]."""
    runs = connection.execute(
        select(run.c.id, run.c.started, run.c.interrupted, run.c.error)
        .where(run.c.ended > cut_from, run.c.ended <= cut_to)
        .order_by(run.c.id)
    ).all()
    found = books_of_runs(connection, [row.id for row in runs])
    return Books(
        runs=len(runs),
        lines=tuple(_book_line(config.label_of(total.source), total) for total in found.totals),
        imbalances=tuple(_imbalance(number, config.label_of(line.source), line) for number, line in found.unbalanced),
        interrupted=tuple(InterruptedRun(run=row.id, started=row.started) for row in runs if row.interrupted),
        faults=_faults(runs, found.totals),
    )


def _faults(runs: Sequence[Any], totals: Sequence[Book]) -> tuple[RunFault, ...]:
    """A line for what befell many runs; none for what a source's own line tells."""
    of_sources = {line for total in totals for line in total.error.splitlines()}
    faults: dict[str, RunFault] = {}
    for row in runs:
        for cause in () if row.interrupted else faults_in(row.error):
            if " ".join(cause.split()) not in of_sources:
                kind = _NUMBER.sub("#", cause)
                first = faults.get(kind) or RunFault(run=row.id, started=row.started, cause=cause, runs=0)
                faults[kind] = replace(first, runs=first.runs + 1)
    return tuple(faults.values())


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
