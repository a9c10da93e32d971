"""The cuts that digests are made by: when they come, which were made, and when one that has come is late.

Cuts join: each digest begins where the one before ended, so that a day without a digest is in the next one.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select

from crawler.config.models import Config, Subscription
from crawler.tables import digest

# After its cut a digest is not late yet: cron's next tick issues it, or the run under way does.
GRACE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What a digest is made by, and what its row holds."""

    date: str  # YYYY-MM-DD in the subscription's zone
    cut_from: datetime  # exclusive
    cut_to: datetime  # inclusive
    issued: datetime


def zone_of(config: Config, subscription: Subscription) -> ZoneInfo:
    return ZoneInfo(subscription.timezone or config.settings.timezone)


def cut_after(config: Config, subscription: Subscription, last: Cut, now: datetime) -> Cut | None:
    """The cut that has come since the `last` digest and has none; the latest one where several have."""
    day = now.astimezone(zone_of(config, subscription)).date()
    if scheduled(config, subscription, day) > now:
        day -= timedelta(days=1)
    cut_to = scheduled(config, subscription, day)
    # One digest a date: the first one, issued at any hour, stands for its whole date.
    if cut_to <= last.cut_to or day.isoformat() <= last.date:
        return None
    return Cut(date=day.isoformat(), cut_from=last.cut_to, cut_to=cut_to, issued=now)


def late_cut(config: Config, subscription: Subscription, last: Cut, now: datetime) -> Cut | None:
    """The cut whose digest is late."""
    return cut_after(config, subscription, last, now - GRACE)


def next_cut(config: Config, subscription: Subscription, now: datetime) -> datetime:
    """When the next one comes."""
    day = now.astimezone(zone_of(config, subscription)).date()
    cut = scheduled(config, subscription, day)
    return cut if cut > now else scheduled(config, subscription, day + timedelta(days=1))


def scheduled(config: Config, subscription: Subscription, day: date) -> datetime:
    """The cut of a day: an hour that its clocks leave out is taken by the time before, one they repeat the first time.

    So each day has one.
    """
    return datetime.combine(day, time.fromisoformat(subscription.at), zone_of(config, subscription)).astimezone(UTC)


def latest_cut(connection: Connection, subscription: Subscription) -> Cut | None:
    of_it = select(digest).where(digest.c.subscription == subscription.name)
    row = connection.execute(of_it.order_by(digest.c.cut_to.desc(), digest.c.id.desc()).limit(1)).first()
    return None if row is None else cut_of(row)


def cut_of(row: Row[Any]) -> Cut:
    """That of a row of table `digest`."""
    return Cut(date=row.date, cut_from=row.cut_from, cut_to=row.cut_to, issued=row.issued)
