"""When a digest is due, and the cuts it is made by.

Cuts join: each digest begins where the one before ended, so that a day without a digest is in the next one.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from crawler.config.models import Config, Subscription
from crawler.tables import book, run
from crawler.tables import digest as digest_table
from pipelines.digest.build import zone_of

_FIRST_PERIOD = timedelta(days=1)  # before a subscription's first digest


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What a digest is made by, and what its row holds."""

    date: str  # YYYY-MM-DD in the subscription's zone
    cut_from: datetime  # exclusive
    cut_to: datetime  # inclusive
    issued: datetime


def due_cut(connection: Connection, config: Config, subscription: Subscription, now: datetime) -> Cut | None:
    """The cut that has come and has no digest; the latest one where several have."""
    last = latest_cut(connection, subscription)
    if last is None:
        # Somebody who has just begun sees something today, not tomorrow; but nothing before there is something.
        return cut_at(config, subscription, None, now) if _has_polled(connection) else None
    day = now.astimezone(zone_of(config, subscription)).date()
    if _scheduled(config, subscription, day) > now:
        day -= timedelta(days=1)
    cut_to = _scheduled(config, subscription, day)
    # One digest a date: the first one, issued at any hour, stands for its whole date.
    if cut_to <= last.cut_to or day.isoformat() <= last.date:
        return None
    return Cut(date=day.isoformat(), cut_from=last.cut_to, cut_to=cut_to, issued=now)


def cut_at(config: Config, subscription: Subscription, last: Cut | None, now: datetime) -> Cut:
    """A cut at this moment, after the `last` one."""
    day = now.astimezone(zone_of(config, subscription)).date()
    cut_from = now - _FIRST_PERIOD if last is None else last.cut_to
    return Cut(date=day.isoformat(), cut_from=cut_from, cut_to=now, issued=now)


def latest_cut(connection: Connection, subscription: Subscription) -> Cut | None:
    of_it = select(digest_table).where(digest_table.c.subscription == subscription.name)
    row = connection.execute(of_it.order_by(digest_table.c.cut_to.desc()).limit(1)).first()
    return None if row is None else _cut(row)


def cuts_of(connection: Connection, subscription: Subscription) -> list[Cut]:
    """Those of the digests that were issued, oldest first."""
    rows = connection.execute(
        select(digest_table).where(digest_table.c.subscription == subscription.name).order_by(digest_table.c.cut_to)
    )
    return [_cut(row) for row in rows]


def store_cut(connection: Connection, subscription: Subscription, cut: Cut) -> None:
    stored = {"date": cut.date, "cut_from": cut.cut_from, "cut_to": cut.cut_to, "issued": cut.issued}
    connection.execute(insert(digest_table).values(subscription=subscription.name, **stored))


def _has_polled(connection: Connection) -> bool:
    """Whether a run that ended has polled anything with success."""
    polled = select(book.c.run).join(run, run.c.id == book.c.run)
    query = polled.where(run.c.ended.is_not(None), book.c.polls > book.c.polls_failed).limit(1)
    return connection.execute(query).first() is not None


def _scheduled(config: Config, subscription: Subscription, day: date) -> datetime:
    """The cut of a day: an hour that its clocks leave out is taken by the time before, one they repeat the first time.

    So each day has one.
    """
    return datetime.combine(day, time.fromisoformat(subscription.at), zone_of(config, subscription)).astimezone(UTC)


def _cut(row: Row[Any]) -> Cut:
    return Cut(date=row.date, cut_from=row.cut_from, cut_to=row.cut_to, issued=row.issued)
