"""What earlier runs told and left, read from their books: so that a report says only what is news."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, select

from crawler.run_report import RunReport
from crawler.schedule.heartbeat import DAEMON_COMMAND
from crawler.tables import book, run

_KEPT_OR_NUMBER = re.compile(r"https?://\S+|HTTP \d{3}|\d+")


@dataclass(frozen=True, kw_only=True)
class EarlierRuns:
    """As one run sees them."""

    told_today: frozenset[tuple[str, str]] = frozenset()  # (source, `kind_of` an error) of this calendar day
    failed_last: frozenset[str] = frozenset()  # sources polled well now, but not all well at their last polls before
    nothing_polled_since: datetime | None = None  # no poll of the run's sources has succeeded since


NONE_EARLIER = EarlierRuns()


def kind_of(error: str) -> str:
    """The same for an error that comes again, whatever time or count it names; an address or a status makes another."""
    return _KEPT_OR_NUMBER.sub(lambda found: "#" if found[0].isdigit() else found[0], error)


def earlier_runs(connection: Connection, report: RunReport, zone: ZoneInfo) -> EarlierRuns:
    """What the runs before that of `report` told and left: those of the live network, or those of none, as it is one.

    Args:
        connection: to read from.
        report: of a run whose books are in the database.
        zone: whose calendar days count.
    """
    own = connection.execute(select(run.c.live, run.c.command).where(run.c.id == report.number)).one()
    before = (run.c.id < report.number) & (run.c.live == own.live)
    # The daemon's reports go to its log, those of others to cron's mail: who reads the one need not see the other.
    place = (run.c.command == DAEMON_COMMAND) if own.command == DAEMON_COMMAND else (run.c.command != DAEMON_COMMAND)
    return EarlierRuns(
        told_today=frozenset(_told_on_the_day_of(connection, report, zone, before & place)),
        failed_last=frozenset(_failed_last(connection, report, before)),
        nothing_polled_since=_nothing_polled_since(connection, report, before) if report.nothing_polled else None,
    )


def _told_on_the_day_of(
    connection: Connection, report: RunReport, zone: ZoneInfo, before: ColumnElement[bool]
) -> Iterable[tuple[str, str]]:
    today = report.started.astimezone(zone).date()
    midnight = datetime.combine(today, time(), zone)
    following = datetime.combine(today + timedelta(days=1), time(), zone)
    rows = connection.execute(
        select(book.c.source, book.c.error)
        .join(run, run.c.id == book.c.run)
        .where(before, run.c.told, run.c.started >= midnight, run.c.started < following, book.c.error != "")
    )
    return ((row.source, kind_of(error)) for row in rows for error in row.error.splitlines())


def _failed_last(connection: Connection, report: RunReport, before: ColumnElement[bool]) -> Iterable[str]:
    """Of the sources that were polled well in this run."""
    for line in report.books:
        if line.polls and not line.polls_failed:
            last = connection.execute(_polled(line.source, before)).first()
            if last is not None and last.polls_failed:
                yield line.source


def _polled(source: str, before: ColumnElement[bool]) -> Select[Any]:
    """The last time that a source was polled. Source by source, for that needs no more than a look at the index."""
    lines = select(book.c.run, book.c.polls_failed).join(run, run.c.id == book.c.run)
    return lines.where(before, book.c.source == source, book.c.polls > 0).order_by(book.c.run.desc()).limit(1)


def _nothing_polled_since(connection: Connection, report: RunReport, before: ColumnElement[bool]) -> datetime | None:
    names = [line.source for line in report.books]
    good = (_polled(name, before).where(book.c.polls > book.c.polls_failed) for name in names)
    last_good = max((row.run for query in good for row in connection.execute(query)), default=0)
    failed = (
        select(run.c.started)
        .join(book, book.c.run == run.c.id)
        .where(before, run.c.id > last_good, book.c.source.in_(names), book.c.polls > 0, book.c.polls_failed > 0)
    )
    return connection.scalar(failed.order_by(run.c.id).limit(1))


def is_news(source: str, error: str, earlier: EarlierRuns) -> bool:
    """Whether no run of the day has told this error of the source before."""
    return (source, kind_of(error)) not in earlier.told_today
