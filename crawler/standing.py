"""Cards that stand in a list for months and change their text under one address: a new date in the list tells it.

Some lists date every row by the moment they are made. Neither that nor one such row may cost a fetch at each poll.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, func, or_, select, update

from crawler.items import Entry, Precision
from crawler.outcomes import ARCHIVED
from crawler.tables import article, entry, version

_BATCH = 500  # keys in one IN (…)
# How much earlier than its date a row may have been published: "3 小时前" and "5 分钟前" are rounded down.
_ROUNDED = {Precision.HOUR: timedelta(hours=1), Precision.SECOND: timedelta(minutes=1)}
_PAUSE = timedelta(days=1)  # after a look that found no other text
_ENOUGH = 4  # rows of one answer that can tell of the habit of its list
_OUTCOMES = [outcome.value for outcome in ARCHIVED]


def look_again(connection: Connection, announced: Mapping[str, Entry], now: datetime) -> None:
    """Make the revisit of stored articles due whose list dates them later than they were read last.

    In the caller's transaction. A date to come says nothing, nor does a day without a time. What its source took away
    or retention let go of is left alone. An article whose last revisit found no other text is looked at a day after it,
    and none is where more than half of the answer's rows are dated later than they were read: that is the list's habit.

    Args:
        connection: of the caller's transaction.
        announced: entries by key.
        now: when they were announced.
    """
    dated = {key: moment for key, item in announced.items() if (moment := _published(item, now))}
    later = [row for row in _stored(connection, list(dated)) if dated[row["key"]] > row["read"]]
    if len(announced) >= _ENOUGH and len(later) > len(announced) / 2:
        return
    for row in later:
        due = max(now, row["revisited"] + _PAUSE) if _found_nothing(row) else now
        not_due = or_(article.c.revisit_at.is_(None), article.c.revisit_at > due)
        connection.execute(update(article).where(article.c.entry == row["id"], not_due).values(revisit_at=due))


def _stored(connection: Connection, keys: Sequence[str]) -> Iterator[RowMapping]:
    """Of those articles: when each was read last, by a revisit too, and when its text was last another."""
    read_last = func.coalesce(article.c.revisited, article.c.fetched, type_=article.c.fetched.type)
    written = select(func.max(version.c.seen)).where(version.c.entry == article.c.entry).scalar_subquery()
    for start in range(0, len(keys), _BATCH):
        yield from connection.execute(
            select(entry.c.id, entry.c.key, article.c.revisited, read_last.label("read"), written.label("written"))
            .join(article)
            .where(entry.c.key.in_(keys[start : start + _BATCH]), article.c.outcome.in_(_OUTCOMES))
            .where(article.c.deleted_at.is_(None), article.c.expired.is_(None))
        ).mappings()


def _found_nothing(row: RowMapping) -> bool:
    """Whether its last revisit brought the text that it had before."""
    return row["revisited"] is not None and row["written"] < row["revisited"]


def _published(item: Entry, now: datetime) -> datetime | None:
    """The earliest that its list's date may mean, or None where that is no moment of the past."""
    date = item.published
    if date is None or date.precision not in _ROUNDED or date.at > now:
        return None
    return date.at - _ROUNDED[date.precision]
