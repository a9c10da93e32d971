"""What a digest tells about the work itself: books, sick endpoints, entries that may not be read."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import Connection, Row, func, select

from crawler.books import Book, books_of
from crawler.config.models import Config
from crawler.outcomes import Outcome
from crawler.tables import book, endpoint, entry, run, sighting
from pipelines.digest.model import (
    BookLine,
    Books,
    FailingEndpoint,
    Imbalance,
    InterruptedRun,
    RefusedEntry,
    SilentEndpoint,
)

_SILENT_GAPS = 3.0  # times the median gap
_FEWEST_DAYS = 4  # with news, before a source has a rhythm to judge by
_RHYTHM = timedelta(days=90)  # how far back a rhythm is read


def label_of(config: Config, name: str) -> str:
    """How a source is called in a digest; its name when the config no longer knows it."""
    source = config.source(name)
    return source.label if source else name


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
                imbalances.append(_imbalance(row.id, label_of(config, line.source), line))
    lines = [_summed(label_of(config, name), by_source[name]) for name in sorted(by_source)]
    told = {item.source for item in imbalances}
    imbalances += [_broken_chain(line) for line in lines if not line.balances and line.source not in told]
    return Books(
        runs=len(runs),
        lines=tuple(lines),
        imbalances=tuple(imbalances),
        interrupted=tuple(InterruptedRun(run=row.id, started=row.started) for row in runs if row.interrupted),
    )


def _summed(label: str, books: Sequence[Book]) -> BookLine:
    """Runs follow each other, so what the last carried out is what the period carried out."""
    return BookLine(
        source=label,
        carried_in=books[0].carried_in,
        found=sum(item.found for item in books),
        outcomes={outcome.value: sum(item.outcomes[outcome] for item in books) for outcome in Outcome},
        carried_out=books[-1].carried_out or 0,
        known=sum(item.known for item in books),
        requests=sum(item.requests for item in books),
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


def failing_endpoints(
    connection: Connection, config: Config, cut_from: datetime, cut_to: datetime, issued: datetime
) -> tuple[FailingEndpoint, ...]:
    """Endpoints whose last poll, as of `issued`, failed; and sources whose last run of the period did.

    An endpoint that was polled after `issued` is no longer what it was then: a digest that is issued again tells it
    by the period's books, which stay.
    """
    found = [
        FailingEndpoint(source=label_of(config, row.source), url=row.url, cause=row.last_error)
        for row in _watched(connection, config)
        if row.last_error and (row.last_polled is None or row.last_polled <= issued)
    ]
    told = {item.source for item in found}
    errors = connection.execute(
        select(book.c.source, book.c.error)
        .join(run, run.c.id == book.c.run)
        .where(run.c.ended > cut_from, run.c.ended <= cut_to, book.c.polls > 0)
        .order_by(run.c.id)
    ).all()
    last_error = {label_of(config, row.source): row.error for row in errors}
    found += [
        FailingEndpoint(source=label, url="", cause=cause)
        for label, cause in sorted(last_error.items())
        if cause and label not in told
    ]
    return tuple(found)


def silent_endpoints(connection: Connection, config: Config, cut_to: datetime) -> tuple[SilentEndpoint, ...]:
    """Endpoints that brought no new entry for three times their source's median gap between days with news."""
    newest = {
        row.endpoint: row.newest
        for row in connection.execute(
            select(sighting.c.endpoint, func.max(sighting.c.first_seen).label("newest"))
            .where(sighting.c.first_seen <= cut_to)
            .group_by(sighting.c.endpoint)
        )
    }
    usual = {source: _median_gap(days) for source, days in _days_with_news(connection, cut_to).items()}
    found = []
    for row in _watched(connection, config):
        gap, last_new = usual.get(row.source), newest.get(row.id, row.first_polled)
        if gap is None or last_new is None or cut_to - last_new <= timedelta(days=_SILENT_GAPS * gap):
            continue
        found.append(
            SilentEndpoint(
                source=label_of(config, row.source),
                url=row.url,
                last_new=last_new,
                days=(cut_to - last_new).days,
                usual_days=gap,
            )
        )
    return tuple(found)


def refused_entries(
    connection: Connection, sources: str | Sequence[str], cut_from: datetime, cut_to: datetime
) -> tuple[RefusedEntry, ...]:
    """Entries of `sources` ("all", or names) that ended refused in the period."""
    rows = connection.execute(
        select(entry.c.source, entry.c.title, entry.c.url, entry.c.original_url)
        .where(entry.c.outcome == Outcome.REFUSED.value, entry.c.ended > cut_from, entry.c.ended <= cut_to)
        .order_by(entry.c.id)
    ).all()
    return tuple(
        RefusedEntry(title=row.title, url=row.original_url or row.url)
        for row in rows
        if sources == "all" or row.source in sources
    )


def _watched(connection: Connection, config: Config) -> list[Row[tuple[object, ...]]]:
    """The endpoints that the config polls now, in a fixed order."""
    wanted = {(source.name, item.url) for source in config.enabled_sources for item in source.endpoints}
    rows = connection.execute(select(endpoint).order_by(endpoint.c.source, endpoint.c.id))
    return [row for row in rows if (row.source, row.url) in wanted]


def _days_with_news(connection: Connection, cut_to: datetime) -> dict[str, list[date]]:
    day = func.date(entry.c.first_seen)
    rows = connection.execute(
        select(entry.c.source, day.label("day"))
        .where(entry.c.first_seen <= cut_to, entry.c.first_seen > cut_to - _RHYTHM)
        .distinct()
        .order_by(entry.c.source, day)
    )
    days: dict[str, list[date]] = defaultdict(list)
    for row in rows:
        days[row.source].append(date.fromisoformat(str(row.day)))
    return days


def _median_gap(days: Sequence[date]) -> float | None:
    if len(days) < _FEWEST_DAYS:
        return None
    return float(median((later - earlier).days for earlier, later in pairwise(days)))
