"""What earlier runs told and left, read from their books: so that a report says only what is news."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from crawler.run_report import RunReport
from crawler.tables import book, run

_ADDRESS = re.compile(r"https?://\S+")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True)
class EarlierRuns:
    """As one run sees them."""

    told_today: frozenset[tuple[str, str]] = frozenset()  # (source, `kind_of` an error) of this calendar day
    failed_last: frozenset[str] = frozenset()  # sources whose last polls before this run were not all good
    nothing_polled_since: datetime | None = None  # no poll of any run has succeeded since, this one's included


NONE_EARLIER = EarlierRuns()


def kind_of(error: str) -> str:
    """The same for an error that comes again, whatever time or count it names; an address makes another."""
    found = _ADDRESS.match(error)
    address = found[0] if found else ""
    return address + _NUMBER.sub("#", error[len(address) :])


def earlier_runs(connection: Connection, report: RunReport, zone: ZoneInfo) -> EarlierRuns:
    """What the runs before that of `report` told and left.

    Args:
        connection: to read from.
        report: of a run whose books are in the database.
        zone: whose calendar days count.
    """
    return EarlierRuns(
        told_today=frozenset(_told_on_the_day_of(connection, report, zone)),
        failed_last=frozenset(_failed_last(connection, report)),
        nothing_polled_since=_nothing_polled_since(connection, report) if report.nothing_polled else None,
    )


def _told_on_the_day_of(connection: Connection, report: RunReport, zone: ZoneInfo) -> Iterable[tuple[str, str]]:
    today = report.started.astimezone(zone).date()
    midnight = datetime.combine(today, time(), zone)
    following = datetime.combine(today + timedelta(days=1), time(), zone)
    rows = connection.execute(
        select(book.c.source, book.c.error)
        .join(run, run.c.id == book.c.run)
        .where(run.c.id < report.number, run.c.started >= midnight, run.c.started < following, book.c.error != "")
        .where(run.c.interrupted.is_(False))  # a process that died told nobody
    )
    return ((row.source, kind_of(error)) for row in rows for error in row.error.splitlines())


def _failed_last(connection: Connection, report: RunReport) -> Iterable[str]:
    last = (
        select(book.c.source, func.max(book.c.run).label("run"))
        .where(book.c.run < report.number, book.c.polls > 0)
        .group_by(book.c.source)
        .subquery()
    )
    lines = select(book.c.source).join(last, (last.c.source == book.c.source) & (last.c.run == book.c.run))
    return connection.scalars(lines.where(book.c.polls_failed > 0)).all()


def _nothing_polled_since(connection: Connection, report: RunReport) -> datetime | None:
    good = select(func.max(book.c.run)).where(book.c.run < report.number, book.c.polls > book.c.polls_failed)
    last_good = connection.scalar(good) or 0
    failed = select(func.min(book.c.run)).where(book.c.run > last_good, book.c.polls_failed > 0)
    started = select(run.c.started).where(run.c.id == failed.scalar_subquery())
    return connection.scalar(started)


def is_news(source: str, error: str, earlier: EarlierRuns) -> bool:
    """Whether no run of the day has told this error of the source before."""
    return (source, kind_of(error)) not in earlier.told_today
