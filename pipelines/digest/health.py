"""Which sources are sick, told by what never changes: the books of runs that ended, and the times of first sight.

So a digest that is issued again tells what it told.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import Connection, Row, func, select

from crawler.config.models import Config
from crawler.items import Origin
from crawler.tables import book, endpoint, entry, run, sighting
from pipelines.digest.labels import label_of
from pipelines.digest.model import FailingEndpoint, SilentEndpoint

_ADDRESS = re.compile(r"(https?://\S+): ")
_SILENT_GAPS = 3.0  # times the median gap
_FEWEST_DAYS = 4  # with news, before a source has a rhythm to judge by
_RHYTHM = timedelta(days=90)  # how far back a rhythm is read


def failing_endpoints(
    connection: Connection, config: Config, cut_from: datetime, cut_to: datetime
) -> tuple[FailingEndpoint, ...]:
    """The errors in the books of the period, but for those of sources that a later run polled whole and without any."""
    rows = connection.execute(
        select(book.c.source, book.c.polls, book.c.error)
        .join(run, run.c.id == book.c.run)
        .where(run.c.ended > cut_from, run.c.ended <= cut_to)
        .order_by(run.c.id)
    )
    told: dict[str, dict[str, FailingEndpoint]] = defaultdict(dict)
    for row in rows:
        if row.error:
            faults = [_fault(label_of(config, row.source), line) for line in row.error.splitlines()]
            told[row.source].update((fault.url or fault.cause, fault) for fault in faults)
        elif row.polls >= _endpoints_of(config, row.source):
            told[row.source].clear()
    return tuple(fault for _, faults in sorted(told.items()) for fault in faults.values())


def _fault(label: str, error: str) -> FailingEndpoint:
    """A line of a book's errors, most of which begin with the address they are about."""
    found = _ADDRESS.match(error)
    return FailingEndpoint(source=label, url=found[1] if found else "", cause=error[found.end() :] if found else error)


def _endpoints_of(config: Config, name: str) -> int:
    source = config.source(name)
    return len(source.endpoints) if source else 1


def silent_endpoints(connection: Connection, config: Config, cut_to: datetime) -> tuple[SilentEndpoint, ...]:
    """Endpoints whose source was still polled, three times its median gap between days with news after their last."""
    home = func.coalesce(endpoint.c.parent, endpoint.c.id)  # what a list announces, its index does
    newest = {
        row.home: row.newest
        for row in connection.execute(
            select(home.label("home"), func.max(sighting.c.first_seen).label("newest"))
            .join(endpoint, endpoint.c.id == sighting.c.endpoint)
            .where(sighting.c.first_seen <= cut_to)
            .group_by(home)
        )
    }
    usual = {source: _median_gap(days) for source, days in _days_with_news(connection, cut_to).items()}
    polled = _last_polled(connection, cut_to)
    found = []
    for row in _watched(connection, config):
        gap, last_new = usual.get(row.source), newest.get(row.id, row.first_polled)
        if gap is None or last_new is None or row.source not in polled:
            continue
        silence = polled[row.source] - last_new
        if silence > timedelta(days=_SILENT_GAPS * gap):
            found.append(
                SilentEndpoint(
                    source=label_of(config, row.source),
                    url=row.url,
                    last_new=last_new,
                    days=silence.days,
                    usual_days=gap,
                )
            )
    return tuple(found)


def _last_polled(connection: Connection, cut_to: datetime) -> dict[str, datetime]:
    """By source, the beginning of the last run that ended until `cut_to` and polled it with success.

    The beginning, because a run that died is ended by the next one, which may be weeks later.
    """
    rows = connection.execute(
        select(book.c.source, func.max(run.c.started).label("polled"))
        .join(run, run.c.id == book.c.run)
        .where(run.c.ended <= cut_to, book.c.polls > book.c.polls_failed)
        .group_by(book.c.source)
    )
    return {row.source: row.polled for row in rows}


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
        .where(entry.c.origin == Origin.CRAWL.value)
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
