"""Cards that stand in a list for months and change their text under one address: a new date in the list tells it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select, update

from crawler.items import Entry, Precision
from crawler.outcomes import ARCHIVED
from crawler.tables import article, entry

_BATCH = 500  # keys in one IN (…)
# How much earlier than its date a row may have been published: "3 小时前" and "5 分钟前" are rounded down.
_ROUNDED = {Precision.HOUR: timedelta(hours=1), Precision.SECOND: timedelta(minutes=1)}
_OUTCOMES = [outcome.value for outcome in ARCHIVED]


def look_again(connection: Connection, announced: Mapping[str, Entry], now: datetime) -> None:
    """Make the revisit of stored articles due whose list dates them later than they were read last.

    In the caller's transaction. A date to come says nothing, nor does a day without a time. What its source took away
    or retention let go of is left alone.

    Args:
        connection: of the caller's transaction.
        announced: entries by key.
        now: when they were announced.
    """
    dated = {key: moment for key, item in announced.items() if (moment := _published(item, now))}
    keys = list(dated)
    for start in range(0, len(keys), _BATCH):
        read_last = func.coalesce(article.c.revisited, article.c.fetched, type_=article.c.fetched.type)
        rows = connection.execute(
            select(entry.c.id, entry.c.key, read_last.label("read"))
            .join(article)
            .where(entry.c.key.in_(keys[start : start + _BATCH]), article.c.outcome.in_(_OUTCOMES))
            .where(article.c.deleted_at.is_(None), article.c.expired.is_(None))
        )
        changed = [row.id for row in rows if dated[row.key] > row.read]
        if changed:
            not_due = or_(article.c.revisit_at.is_(None), article.c.revisit_at > now)
            connection.execute(update(article).where(article.c.entry.in_(changed), not_due).values(revisit_at=now))


def _published(item: Entry, now: datetime) -> datetime | None:
    """The earliest that its list's date may mean, or None where that is no moment of the past."""
    date = item.published
    if date is None or date.precision not in _ROUNDED or date.at > now:
        return None
    return date.at - _ROUNDED[date.precision]
