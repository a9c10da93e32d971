"""Which sources are silent, told by what never changes: the times of first sight, and of runs that ended.

So a digest that is issued again tells what it told.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from statistics import median
from typing import Any

from sqlalchemy import Connection, Row, func, select

from crawler.config.models import Config
from crawler.items import Origin
from crawler.tables import endpoint, entry, sighting
from pipelines.health.model import SilentEndpoint
from pipelines.health.polled import last_polled
from pipelines.health.watched import watched_endpoints

_SILENT_GAPS = 3.0  # times the usual gap
_HOUR = timedelta(hours=1)
_FEWEST_DAYS = 4  # with news, before a source has a rhythm to judge by
_RHYTHM = timedelta(days=90)  # how far back a rhythm is read


def silent_endpoints(connection: Connection, config: Config, cut_to: datetime) -> tuple[SilentEndpoint, ...]:
    """Endpoints whose source was still polled, three times its usual gap after their last news.

    The gap is what the source's `expect` says, of all its endpoints together; else the median between days with news.
    """
    newest = _newest(connection, cut_to)
    gaps = _usual_gaps(connection, config, cut_to)
    found = []
    for source, rows in groupby(watched_endpoints(connection, config), key=lambda row: row.source):
        gap = gaps.get(source)
        polled = None if gap is None else last_polled(connection, source, cut_to)
        if gap is None or polled is None:
            continue
        for row, last_new in _last_news(list(rows), newest, together=_expected_gap(config, source) is not None):
            silence = polled - last_new
            if silence > _SILENT_GAPS * gap:
                silent = SilentEndpoint(
                    source=source, url=row.url, last_new=last_new, hours=_hours(silence), usual_hours=gap / _HOUR
                )
                found.append(silent)
    return tuple(found)


def _hours(span: timedelta) -> int:
    return int(span / _HOUR)


def _last_news(
    rows: Sequence[Row[Any]], newest: Mapping[int, datetime], *, together: bool
) -> list[tuple[Row[Any], datetime]]:
    """The endpoints of a source and their last news; those that are judged `together` are named by the first."""
    times = [(row, newest.get(row.id, row.first_polled)) for row in rows]
    known = [(row, time) for row, time in times if time is not None]
    if together and known:
        return [(known[0][0], max(time for _, time in known))]
    return known


def _newest(connection: Connection, cut_to: datetime) -> dict[int, datetime]:
    """By endpoint that config names, when it last brought something new."""
    home = func.coalesce(endpoint.c.parent, endpoint.c.id)  # what a list announces, its index does
    rows = connection.execute(
        select(home.label("home"), func.max(sighting.c.first_seen).label("newest"))
        .join(endpoint, endpoint.c.id == sighting.c.endpoint)
        .where(sighting.c.first_seen <= cut_to)
        .group_by(home)
    )
    return {row.home: row.newest for row in rows}


def _usual_gaps(connection: Connection, config: Config, cut_to: datetime) -> dict[str, timedelta]:
    """By source, the time between news; without those that have no rhythm yet."""
    gaps = {source: _median_gap(days) for source, days in _days_with_news(connection, cut_to).items()}
    gaps |= {source.name: _expected_gap(config, source.name) or gaps.get(source.name) for source in config.sources}
    return {source: gap for source, gap in gaps.items() if gap is not None}


def _expected_gap(config: Config, name: str) -> timedelta | None:
    source = config.source(name)
    fewest = source.expect.new_per_day[0] if source and source.expect else 0
    return timedelta(days=1 / fewest) if fewest else None


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


def _median_gap(days: Sequence[date]) -> timedelta | None:
    if len(days) < _FEWEST_DAYS:
        return None
    return timedelta(days=median((later - earlier).days for earlier, later in pairwise(days)))
