"""The latest digest of each subscription, the next cut, and whether one is late."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select

from crawler.config.models import Config, Subscription
from crawler.outcomes import Outcome
from crawler.tables import article, digest
from pipelines.health.runs import GRACE
from pipelines.health.status_model import DigestLine, IssuedLine

_DAY = timedelta(days=1)


def digest_lines(connection: Connection, config: Config, now: datetime) -> tuple[DigestLine, ...]:
    return tuple(_line(connection, config, subscription, now) for subscription in config.subscriptions)


def _line(connection: Connection, config: Config, subscription: Subscription, now: datetime) -> DigestLine:
    zone = ZoneInfo(subscription.timezone) if subscription.timezone else config.settings.zone
    today = now.astimezone(zone).date()
    cuts = [_cut(subscription, zone, today + days * _DAY) for days in (-1, 0, 1)]
    last_cut, next_cut = max(cut for cut in cuts if cut <= now), min(cut for cut in cuts if cut > now)
    row = connection.execute(
        select(digest)
        .where(digest.c.subscription == subscription.name)
        .order_by(digest.c.cut_to.desc(), digest.c.id.desc())
        .limit(1)
    ).one_or_none()
    return DigestLine(
        subscription=subscription.name,
        title=subscription.title,
        latest=_issued(connection, subscription, row) if row else None,
        next_cut=next_cut,
        # Whoever has none yet has not begun; and a first digest, issued at any hour, stands for its whole date.
        is_late=row is not None and _is_late(row, last_cut, last_cut.astimezone(zone).date(), now),
    )


def _is_late(row: Row[Any], cut: datetime, day: date, now: datetime) -> bool:
    return bool(row.cut_to < cut and row.date < day.isoformat() and now - cut > GRACE)


def _cut(subscription: Subscription, zone: ZoneInfo, day: date) -> datetime:
    return datetime.combine(day, time.fromisoformat(subscription.at), zone).astimezone(UTC)


def _issued(connection: Connection, subscription: Subscription, row: Row[Any]) -> IssuedLine:
    kept = connection.execute(
        select(article.c.source, article.c.themes)
        .where(article.c.kept_at > row.cut_from, article.c.kept_at <= row.cut_to)
        .where(article.c.outcome == Outcome.KEPT.value)
    ).all()
    return IssuedLine(
        date=row.date,
        cut_from=row.cut_from,
        cut_to=row.cut_to,
        issued=row.issued,
        articles=sum(_is_wanted(subscription, one.source, one.themes) for one in kept),
    )


def _is_wanted(subscription: Subscription, source: str, themes: Sequence[str]) -> bool:
    is_of_source = subscription.sources == "all" or source in subscription.sources
    return is_of_source and (subscription.themes == "all" or any(name in subscription.themes for name in themes))
